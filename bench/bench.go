package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// bench is everything that a session of measurements shares.
type bench struct {
	options
	notes
	peers  map[string]*peer // those that are wanted and could be found
	server *server
	work   string // directory of all that is written, removed in the end
}

// newBench finds the peers and starts the server.
func newBench(ctx context.Context, o options, progress io.Writer) (*bench, error) {
	if runtime.NumCPU() < 2 {
		return nil, errors.New("found one core, wanted two: one for the generator and one for the server")
	}
	b := &bench{options: o, notes: notes{progress: progress}, peers: map[string]*peer{}}
	if _, err := b.installed(ctx, "taskset", "util-linux"); err != nil {
		return nil, err
	}
	nginx, err := b.installed(ctx, "nginx", "nginx-light")
	if err != nil {
		return nil, err
	}
	if err := b.findPeers(ctx); err != nil {
		return nil, err
	}
	if b.work, err = os.MkdirTemp("", "fsctl-bench-"); err != nil {
		return nil, err
	}
	if err := b.startServer(ctx, nginx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(b.work))
	}
	return b, nil
}

// startServer starts the server; it outlives ctx, so that it is there until every measurement has ended.
func (b *bench) startServer(ctx context.Context, nginx string) (err error) {
	dir := filepath.Join(b.work, "nginx")
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	b.server, err = startServer(context.WithoutCancel(ctx), b.serverCore, dir, nginx)
	return err
}

func (b *bench) close() {
	b.server.close()
	if err := os.RemoveAll(b.work); err != nil {
		b.failed("could not remove the work directory", err)
	}
}

// directory makes a directory for one run of a peer, with the scenarios and scripts in it.
func (b *bench) directory(peer string) (dir string, remove func(), err error) {
	if dir, err = os.MkdirTemp(b.work, peer+"-"); err != nil {
		return "", nil, err
	}
	if err := os.CopyFS(dir, files); err != nil {
		return "", nil, errors.Join(fmt.Errorf("copy the scenarios: %w", err), os.RemoveAll(dir))
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil // what is left goes with the work directory
}
