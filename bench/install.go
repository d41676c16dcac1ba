package main

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// binDir holds what is built here. The repository ignores it.
const binDir = "bin/peers"

// findPeers finds, installs or builds every peer that is wanted. One that cannot be had is left out with a
// remark, but for fsctl itself: both of its builds have to be there.
func (b *bench) findPeers(ctx context.Context) error {
	for name, p := range allPeers() {
		if !b.wants(name) {
			continue
		}
		err := b.find(ctx, p)
		if err != nil && (p.golang == "fsctl" || ctx.Err() != nil) {
			return err
		}
		if err != nil {
			b.failed("left out "+name+": it could not be had", err)
			continue
		}
		b.peers[name] = p
	}
	return nil
}

// find finds one peer: where the user says, else from its package.
func (b *bench) find(ctx context.Context, p *peer) (err error) {
	switch given := b.paths[p.name]; {
	case given != "":
		p.path, err = programAt(given)
	case p.golang != "":
		p.path, err = b.build(ctx, p)
	case p.debian != "":
		p.path, err = b.installed(ctx, p.name, p.debian)
	default:
		if p.path, err = exec.LookPath(p.name); err != nil {
			err = fmt.Errorf("no package has it; if you have it, add --peer %s=PATH", p.name)
		}
	}
	if err != nil {
		return err
	}
	if p.path, err = filepath.Abs(p.path); err != nil {
		return err
	}
	p.version = b.versionOf(ctx, p)
	return nil
}

// programAt returns the path of a program that the user names. It may not be one that is built here: that would
// be overwritten, and compared with itself.
func programAt(given string) (string, error) {
	path, err := exec.LookPath(given)
	if err != nil {
		return "", err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	if built, err := filepath.Abs(binDir); err != nil || dir == built {
		return "", errors.Join(err, fmt.Errorf("found %s in %s, wanted a copy of it elsewhere: what is there is built anew", given, binDir))
	}
	return path, nil
}

// build builds a Go peer and returns the program's path.
func (b *bench) build(ctx context.Context, p *peer) (path string, err error) {
	dir, err := filepath.Abs(binDir)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(b.progress, "building %s\n", p.golang)
	return filepath.Join(dir, p.name), command(ctx, []string{"CGO_ENABLED=0", "GOBIN=" + dir}, "go", "install", "-trimpath", p.golang)
}

// installed returns the path of a program. Its Debian package is installed when it is missing.
func (b *bench) installed(ctx context.Context, program, debian string) (path string, err error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	install := []string{"apt-get", "install", "-y", "-qq", "--no-install-recommends", debian}
	if os.Geteuid() != 0 {
		install = append([]string{"sudo"}, install...)
	}
	if _, err := exec.LookPath(install[0]); err != nil {
		return "", fmt.Errorf("%s is not installed, and there is no %s to install it with", program, install[0])
	}
	fmt.Fprintf(b.progress, "%s is missing: %s\n", program, strings.Join(install, " "))
	if err := command(ctx, []string{"DEBIAN_FRONTEND=noninteractive"}, install[0], install[1:]...); err != nil {
		return "", err
	}
	return exec.LookPath(program)
}

// command runs a program to its end; its error says what it printed.
func command(ctx context.Context, environment []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Env = append(os.Environ(), environment...)
	if said, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(said)))
	}
	return nil
}

// versionOf returns the version of a program: of its package, of its Go module, or the commit that fsctl was
// built from. A Debian package says nothing about a program that the user has given.
func (b *bench) versionOf(ctx context.Context, p *peer) string {
	found := ""
	given := b.paths[p.name] != ""
	switch info, err := buildinfo.ReadFile(p.path); {
	case p.debian != "" && !given:
		found = said(ctx, "dpkg-query", "-W", "-f", "${Version}", p.debian)
	case p.golang == "fsctl" && !given:
		found = said(ctx, "git", "describe", "--always", "--dirty")
	case err == nil:
		found = info.Main.Version
	}
	return cmp.Or(found, "of unknown version")
}

// said returns what a program prints, or nothing if it fails.
func said(ctx context.Context, name string, args ...string) string {
	text, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
