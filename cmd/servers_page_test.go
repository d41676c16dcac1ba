//go:build servers

package cmd_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	serversPage  = "../docs/servers.md"
	serversBegin = "<!-- from here on written by go test -tags servers ./cmd -run TestServersPage -update -->\n"
	serversEnd   = "<!-- up to here -->\n"
)

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// TestServersPage holds the table of docs/servers.md to the servers that are tried. With -update it writes the table, with the versions
// that are installed here; else versions are not compared.
func TestServersPage(t *testing.T) {
	var table strings.Builder
	table.WriteString("\n| server | version tried | connections | worth knowing |\n|---|---|---|---|\n")
	for _, s := range append(realServers(), expressShop, djangoAdmin) {
		version := "0.0"
		if *update {
			version = s.installed(t)
		}
		fmt.Fprintf(&table, "| %s | %s | %s | %s |\n", s.name, version, s.keeps, cmp.Or(s.found, "-"))
	}
	table.WriteString("\n")
	page, err := os.ReadFile(serversPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := bytes.Cut(page, []byte(serversBegin))
	kept, after, ended := bytes.Cut(rest, []byte(serversEnd))
	if !found || !ended {
		t.Fatalf("%s has no place for the table, wanted the lines\n%s%s", serversPage, serversBegin, serversEnd)
	}
	if *update {
		text := fmt.Sprint(string(before), serversBegin, table.String(), serversEnd, string(after))
		if err := os.WriteFile(serversPage, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, want := versionNumber.ReplaceAllString(string(kept), "N"), versionNumber.ReplaceAllString(table.String(), "N"); got != want {
		t.Errorf("the table of %s is stale, write it by -update:\n%s", serversPage, table.String())
	}
}

// installed returns the version of the server that is on this machine.
func (s realServer) installed(t *testing.T) string {
	t.Helper()
	out, err := serverShell(t, s.version).CombinedOutput()
	version := versionNumber.Find(out)
	if err != nil || version == nil {
		t.Errorf("%s: %v, no version in:\n%s", s.version, err, out)
	}
	return string(version)
}
