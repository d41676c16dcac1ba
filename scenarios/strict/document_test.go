package strict

import (
	"fmt"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// What is written with a field set reads the same, however a text within it is folded.
func TestTextReadsTheSame(t *testing.T) {
	for _, text := range []string{
		"a: >\n  x\n\n   more\n\n   b\n  c\n", "a: >\n  x\n  y\n\n   more\n   lines\n", "a: >-\n  x\n\n  \ttab\n\n  y\n", "a: >+\n  x\n\n   more\n\n",
		"a: >\n  x\n  y\n\n  z\n", "a: |\n  x\n   more\n\n  y\n", "a: \"x\\n more\\n\"\n",
	} {
		before, err := Read("test.yaml", Kind{Name: "test"}, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		want := valueOf(t, before.root())
		written, err := before.Text()
		if err != nil {
			t.Fatal(err)
		}
		after, err := Read("test.yaml", Kind{Name: "test"}, written)
		if err != nil {
			t.Fatal(err)
		}
		if got := valueOf(t, after.root()); got != want {
			t.Errorf("%q reads as %s, and as %s when it is written again: %q", text, want, got, written)
		}
	}
}

func TestByteOrderMarkIsNoPartOfADocument(t *testing.T) {
	for _, text := range []string{"a: 1\n", "# comment\na: 1\n", "{a: 1}", "---\na: 1\n"} {
		d, err := Read("test.yaml", Kind{Name: "test"}, []byte("\uFEFF"+text))
		if err != nil || valueOf(t, d.root()) != `map["a":'\x01']` {
			t.Errorf("%q with a byte-order mark: %v", text, err)
		}
	}
}

func valueOf(t *testing.T, n *yaml.Node) string {
	t.Helper()
	var v map[string]any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%q", v)
}

// A wrong file, such as a table of users, is not quoted: it may hold passwords.
func TestFilesOfAnotherKindAreNotQuoted(t *testing.T) {
	for text, want := range map[string]string{"email,password\nbob@shop.example,hunter2\n": "found a text, wanted", "- hunter2\n": "found a list, wanted"} {
		if _, err := Read("users.csv", Kind{Name: "scenario"}, []byte(text)); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, wanted %s", text, err, want)
		}
	}
}
