package cmd

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// outputFlags are the flags of all commands that name a file to be written.
func outputFlags() []string { return []string{"junit", "markdown", "json", "calibrate", "html"} }

// checkFiles finds what is wrong with the files that a command line names, whatever the command: a flag with an empty name, as a variable
// of the shell without a value gives it, an output to -, two outputs to one file, and an output to a file that is read or that standard output goes to.
func checkFiles(c *cobra.Command, args []string) error {
	inputs := map[string]string{} // what is read, by its place
	for _, a := range args {
		if isRegular(a) {
			inputs[placeOf(a)] = "argument"
		}
	}
	var wrong error
	c.Flags().VisitAll(func(f *pflag.Flag) {
		kind, _ := pflag.UnquoteUsage(f)
		isFile := f.Changed && f.Value.Type() == "string" && slices.Contains([]string{"FILE", "DIR", "PATH"}, kind)
		switch path := f.Value.String(); {
		case isFile && path == "":
			wrong = cmp.Or(wrong, error(&hinted{usagef(`found --%s "", wanted a name: its value is empty`, f.Name), "name a file or directory, or leave the flag out; a variable of the shell that it is read from may be unset"}))
		case isFile && !slices.Contains(outputFlags(), f.Name) && isRegular(path):
			inputs[placeOf(path)] = "--" + f.Name
		}
	})
	if wrong != nil {
		return wrong
	}
	outputs := map[string]string{}
	for _, name := range outputFlags() {
		f := c.Flags().Lookup(name)
		if f == nil || f.Value.String() == "" {
			continue
		}
		if err := checkOutput(name, f.Value.String(), inputs, outputs); err != nil {
			return err
		}
	}
	return nil
}

// checkOutput finds what is wrong with the path of an output beside inputs and other outputs, and adds it to those.
func checkOutput(flag, path string, inputs, outputs map[string]string) error {
	if path == "-" {
		return &hinted{usagef("found --%s -, wanted a file", flag), "/dev/stdout is standard output, and ./- a file of that name"}
	}
	if takesSeveral(path) {
		return nil
	}
	place := placeOf(path)
	if before := outputs[place]; before != "" {
		return &hinted{usagef("found %s for both --%s and --%s, wanted a file for each", path, before, flag), "name another file for one of them"}
	}
	if input := inputs[place]; input != "" {
		return &hinted{usagef("found %s for --%s, which is read as %s, wanted another file: it would be replaced", path, flag, input), "name another file"}
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && isStandard(info) {
		return &hinted{usagef("found %s for --%s, which standard output or error goes to as well, wanted another file", path, flag), "name another file, or /dev/stdout"}
	}
	outputs[place] = flag
	return nil
}

// takesSeveral reports whether a path takes several outputs, one after another: a device, this process's own output, or a pipe whose end is
// open in this process. The reader of a pipe with a name leaves at the end of the first.
func takesSeveral(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return false
	}
	if link, err := os.Lstat(path); err == nil && link.Mode()&os.ModeSymlink != 0 && isStandard(info) {
		return true
	}
	_, err = filepath.EvalSymlinks(path)
	return !info.Mode().IsRegular() && (err != nil || info.Mode()&os.ModeNamedPipe == 0)
}

// isStandard reports whether a file is standard output or error.
func isStandard(info os.FileInfo) bool {
	for _, stream := range []*os.File{os.Stdout, os.Stderr} {
		if own, err := stream.Stat(); err == nil && os.SameFile(own, info) {
			return true
		}
	}
	return false
}

func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// placeOf returns the full path of the file that a path leads to, without links. The file need not be there.
func placeOf(path string) string {
	const mostLinks = 40
	for range mostLinks {
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		dir = filepath.Dir(path)
	}
	full, err := filepath.Abs(filepath.Join(dir, filepath.Base(path)))
	if err != nil {
		return path
	}
	return full
}
