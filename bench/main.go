// Command bench measures fsctl against other load generators.
//
// Each generator in turn gets one core and the same server, for several rounds. The command prints tables of medians and ratios, and which of the product's goals are met.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, restore := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, restore) // a second Ctrl-C ends the process
	err := run(ctx, os.Args, os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "bench: error: %v\n", err)
		os.Exit(1)
	}
}

// run measures what the command line asks for. When it is interrupted it prints what it has and writes no
// file.
func run(ctx context.Context, commandLine []string, out, progress io.Writer) error {
	o, err := parseOptions(commandLine[1:], progress)
	if err != nil {
		return err
	}
	if o.write != "" { // not after all the measurements
		if _, _, err := aroundFigures(o.write); err != nil {
			return err
		}
	}
	b, err := newBench(ctx, o, progress)
	if err != nil {
		return err
	}
	defer b.close()
	about := describeMachine(b, commandLine)
	results := b.runAll(ctx)
	text := page(about, results, b.remarks)
	if _, err := io.WriteString(out, text); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return errors.New("interrupted: the tables hold what was measured so far")
	}
	if o.write == "" {
		return nil
	}
	if err := replaceFigures(o.write, text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(progress, "wrote the figures into %s\n", o.write)
	return err
}
