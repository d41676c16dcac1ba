package cmd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"fsctl/report/render"
	"fsctl/scenarios/plaintext"
)

// steering is what a terminal or a CI log would obey.
const steering = "a\x1b[31mb\x1b]0;title\x07c\x9bd\u009be\rf\bg\u202eh\u2066i\u2028j\x7fk\U000e0041\xff"

func checkSafe(t *testing.T, where, text string) {
	t.Helper()
	if !utf8.ValidString(text) {
		t.Errorf("%s is no UTF-8: %q", where, text)
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && (unicode.Is(unicode.C, r) || r == '\u2028' || r == '\u2029') {
			t.Errorf("%s has %q: %q", where, r, text)
			return
		}
	}
}

// TestNothingSteersATerminal names steering characters wherever a command line takes a text.
func TestNothingSteersATerminal(t *testing.T) {
	t.Chdir(t.TempDir())
	file := func(name, content string) string {
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	name := strings.ReplaceAll(steering, "/", "")
	scenario := file(name+".yaml", "{apiVersion: fsctl/v1, kind: Scenario, name: \"x\\e[31m\\u202e\", \"bad\\e]0;key\\a\": 1, workload: {users: \"1\\e[2J\"}}")
	raw := file("raw.yaml", "name: "+steering+"\n")
	run := filepath.Join("runs", name)
	if err := os.MkdirAll(run, 0o700); err != nil {
		t.Fatal(err)
	}
	file(filepath.Join(run, "run.json"), `{"scenario":"\u001b[31m\u202e","t0":"`+name)
	list := file("targets.txt", "GET http://127.0.0.1:1/"+steering+"\nX: "+steering+"\n")
	for _, args := range [][]string{
		{steering}, {"--" + steering}, {"plan", "--" + steering}, {"plan", steering}, {"plan", "--users", steering}, {"plan", "-o", steering},
		{"plan", scenario}, {"plan", scenario, "-o", "json"}, {"plan", "live-drop", "--set", steering}, {"plan", "live-drop", "--set", "name=" + steering}, {"plan", "--calibration", name},
		{"attack", scenario, "--target", "http://127.0.0.1:1"}, {"attack", "live-drop", "--target", steering}, {"attack", "live-drop", "--target", "http://127.0.0.1:1", "--proxy", steering},
		{"attack", "live-drop", "--target", "http://127.0.0.1:1", "--run", run}, {"attack", "live-drop", "--target", "http://" + name + ".example"},
		{"attack", "--targets", list, "--rate", "1/s", "--duration", "1s"}, {"attack", "--targets", name, "--rate", steering},
		{"report", run}, {"report", run, "-o", "json"}, {"report", scenario}, {"report", raw}, {"report", run, "--threshold", steering}, {"report", run, "--slo", scenario}, {"report", run, "--junit", name + "/x"},
		{"try", scenario, "--target", "http://127.0.0.1:1"}, {"try", "live-drop", "--target", "http://127.0.0.1:1", "--journey", steering},
		{"agent", "--nats", steering}, {"agent", "--nats", "nats://127.0.0.1:1", "--creds", name}, {"agent-keys", name, "--agents", steering},
		{"scenarios", "show", raw}, {"scenarios", "show", scenario}, {"scenarios", "validate", raw, scenario}, {"scenarios", "new", name + "/y"}, {"--config", name, "plan"}, {"help", steering}, {"completion", steering}, {"shop", "--listen", steering},
	} {
		var out, log bytes.Buffer
		Run(context.Background(), args, Streams{strings.NewReader(""), &out, &log})
		if out.Len()+log.Len() == 0 {
			t.Errorf("%q: printed nothing", args)
		}
		checkSafe(t, "output of "+args[0], out.String())
		checkSafe(t, "errors of "+args[0], log.String())
	}
	t.Setenv("FSCTL_SEED", steering[:5])
	var log bytes.Buffer
	Run(context.Background(), []string{"plan"}, Streams{strings.NewReader(""), io.Discard, &log})
	checkSafe(t, "environment", log.String())
}

// FuzzScreen holds the screen to what it promises, also where a text comes in pieces.
func FuzzScreen(f *testing.F) {
	f.Add([]byte(steering), 3)
	f.Add([]byte("a\r\nb\r"), 2)
	f.Add([]byte("日本語 é"), 1)
	f.Fuzz(func(t *testing.T, text []byte, at int) {
		at = min(max(at, 0), len(text))
		var whole, parts bytes.Buffer
		for i, w := range []*plaintext.Writer{plaintext.NewWriter(&whole), plaintext.NewWriter(&parts)} {
			for _, p := range [][]byte{text[:at*i], text[at*i:]} {
				if n, err := w.Write(p); n != len(p) || err != nil {
					t.Fatal(n, err)
				}
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
		checkSafe(t, "the screen", whole.String())
		if whole.String() != parts.String() {
			t.Errorf("found %q, in pieces %q", &whole, &parts)
		}
		if again := plaintext.EscapeLines(whole.String()); again != whole.String() {
			t.Errorf("%q becomes %q", &whole, again)
		}
	})
}

// TestDataKeepsItsValues: JSON and YAML escape by their format, so that a reader gets what was there.
func TestDataKeepsItsValues(t *testing.T) {
	value := map[string]any{"text": "a\x1b[31m\u009b\u202e\U000e0041\u2028\x7f\tb\nc é 日本", steering[:20]: 1.0}
	var document, page bytes.Buffer
	screen := plaintext.NewWriter(&document)
	if err := render.JSON(screen, value); err != nil {
		t.Fatal(err)
	}
	if err := render.YAML(plaintext.NewWriter(&page), value); err != nil {
		t.Fatal(err)
	}
	checkSafe(t, "JSON", document.String())
	checkSafe(t, "YAML", page.String())
	var fromJSON, fromYAML map[string]any
	if err := json.Unmarshal(document.Bytes(), &fromJSON); err != nil || fromJSON["text"] != value["text"] {
		t.Errorf("found %q, %v", fromJSON["text"], err)
	}
	if err := yaml.Unmarshal(page.Bytes(), &fromYAML); err != nil || fromYAML["text"] != value["text"] {
		t.Errorf("found %q, %v in %s", fromYAML["text"], err, &page)
	}
}

func TestOwnColorsPass(t *testing.T) {
	var out bytes.Buffer
	if _, err := newPainter(&out).Write([]byte("\x1b[31mred\x1b[0m \x1b[5mblinking\x1b]0;title\x07\n")); err != nil {
		t.Fatal(err)
	}
	if want := "\x1b[31mred\x1b[0m \\x1b[5mblinking\\x1b]0;title\\x07\n"; out.String() != want {
		t.Errorf("found %q, wanted %q", &out, want)
	}
}
