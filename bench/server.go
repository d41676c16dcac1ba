package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// files are the scenarios, the scripts of k6 and the configuration of nginx.
//
//go:embed *.yaml *.js nginx.conf
var files embed.FS

// server is an nginx of our own, with one worker on one core.
type server struct {
	plainURL, tlsURL string
	version          string // nginx/1.22.1
	nginx            *child
	worker           int    // process that answers
	asked            uint64 // requests that were ours
	client           http.Client
}

// startServer starts nginx on free ports, with its files in dir. It runs until ctx is done or it is closed.
func startServer(ctx context.Context, core int, dir, path string) (*server, error) {
	plain, tls, err := freeAddresses()
	if err != nil {
		return nil, err
	}
	if err := writeCertificate(dir); err != nil {
		return nil, err
	}
	if err := writeConfiguration(filepath.Join(dir, "nginx.conf"), map[string]string{"Plain": plain, "TLS": tls}); err != nil {
		return nil, err
	}
	s := &server{plainURL: "http://" + plain, tlsURL: "https://" + tls, client: http.Client{Timeout: patience}}
	if s.version, err = nginxVersion(ctx, path); err != nil {
		return nil, err
	}
	if s.nginx, err = start(ctx, core, dir, "", path, "-e", "error.log", "-p", dir, "-c", "nginx.conf"); err != nil {
		return nil, err
	}
	if err := s.ready(); err != nil {
		s.nginx.end()
		return nil, err
	}
	return s, nil
}

// nginxVersion returns what nginx calls itself.
func nginxVersion(ctx context.Context, path string) (string, error) {
	text, err := exec.CommandContext(ctx, path, "-v").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s -v: %w: %s", path, err, text)
	}
	return strings.TrimSpace(strings.TrimPrefix(string(text), "nginx version:")), nil
}

// freeAddresses returns two addresses on the loopback interface without a listener.
func freeAddresses() (plain, tls string, err error) {
	var found [2]string
	for i := range found {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close() // only when both are known, so that they differ
		found[i] = l.Addr().String()
	}
	return found[0], found[1], nil
}

func writeConfiguration(path string, values map[string]string) error {
	text, err := template.ParseFS(files, "nginx.conf")
	if err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := text.Execute(file, values); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// ready waits for the first answer and finds the worker.
func (s *server) ready() error {
	for deadline := time.Now().Add(patience); ; {
		_, err := s.requests()
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("nginx does not answer: %w", err)
		}
		if err := s.nginx.pause(20 * time.Millisecond); err != nil {
			return err
		}
	}
	master := s.nginx.cmd.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", master, master))
	if err != nil {
		return fmt.Errorf("find the worker of nginx: %w", err)
	}
	if s.worker, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
		return fmt.Errorf("find the worker of nginx: found processes %q, wanted one", text)
	}
	return nil
}

// counters is the line of stub_status that has connections accepted, connections handled and requests.
var counters = regexp.MustCompile(`(?m)^ \d+ \d+ (\d+)`)

// requests returns how many requests the server has had, without those that asked for this.
func (s *server) requests() (uint64, error) {
	s.asked++
	answer, err := s.client.Get(s.plainURL + "/status")
	if err != nil {
		s.asked--
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, err
	}
	found := counters.FindSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("status of nginx: found %q, wanted the page of stub_status", text)
	}
	count, err := strconv.ParseUint(string(found[1]), 10, 64)
	return count - min(count, s.asked), err
}

func (s *server) close() { s.nginx.end() }
