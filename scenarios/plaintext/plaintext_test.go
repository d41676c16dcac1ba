package plaintext

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"
)

func TestMarkIsTakenOff(t *testing.T) {
	for text, want := range map[string]string{"": "", "a": "a", "ab": "ab", "\uFEFF": "", "\uFEFFa": "a", "\uFEFF\uFEFFa": "\uFEFFa", "a\uFEFF": "a\uFEFF", "\xef\xbb": "\xef\xbb"} {
		if got := Trim([]byte(text)); string(got) != want {
			t.Errorf("%q is trimmed to %q", text, got)
		}
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			if got, err := io.ReadAll(NewReader(r)); err != nil || string(got) != want {
				t.Errorf("%q is read as %q, %v", text, got, err)
			}
		}
	}
	if _, err := io.ReadAll(NewReader(iotest.ErrReader(io.ErrClosedPipe))); err != io.ErrClosedPipe {
		t.Errorf("found %v, wanted the reader's error", err)
	}
}

func TestOtherEncodingsAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"\xff\xfea\x00": "UTF-16", "\xfe\xff\x00a": "UTF-16", "\xff\xfe\x00\x00a\x00\x00\x00": "UTF-32", "\x00\x00\xfe\xff": "UTF-32",
		"a\x00b\x00": "UTF-16LE", "\x00a\x00b": "UTF-16BE", "a\x00\x00\x00b": "UTF-32LE", "\x00\x00\x00a": "UTF-32BE",
		"name\nM\xfcller\n": "line 2: found a byte that is not UTF-8", "name\nab\nc\x00d": "line 3: found a NUL", "\xe4": "iconv -f WINDOWS-1252",
	} {
		if err := Check([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: found %v, wanted %s", text, err, want)
		}
	}
	for _, text := range []string{"", "a", "Müller\n日本語 😀", "\uFEFFa", "\ufffd"} {
		if err := Check([]byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("a\x00b"))
	f.Add([]byte("M\xfcller"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if ok := utf8.Valid(text) && bytes.IndexByte(text, 0) < 0; ok != (Check(text) == nil) {
			t.Fatalf("%q: %v", text, Check(text))
		}
	})
}
