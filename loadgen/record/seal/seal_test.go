package seal

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

// TestRecoverReadsToTheLastWholeCheckpoint cuts files that grew together, or turns their ends into zeros, and changes bytes.
func TestRecoverReadsToTheLastWholeCheckpoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"a", "b", "c"}
		content, log := map[string][]byte{}, []Checkpoint{}
		for range rapid.IntRange(1, 8).Draw(t, "checkpoints") {
			var c Checkpoint
			for _, name := range names {
				content[name] = append(content[name], rapid.SliceOfN(rapid.ByteRange(1, 255), 0, 9).Draw(t, "grown")...)
				c.Files = append(c.Files, Of(name, content[name]))
			}
			log = append(log, c)
		}
		last := len(log) - 1
		files, sizes := map[string]io.Reader{}, map[string]int64{}
		for _, name := range names {
			data := content[name]
			cut := rapid.IntRange(0, len(data)).Draw(t, "cut")
			for last >= 0 && log[last].bytesOf(name) > int64(cut) {
				last--
			}
			kept := bytes.Clone(data[:cut])
			if rapid.Bool().Draw(t, "zeros") {
				kept = append(kept, make([]byte, len(data)-cut)...)
			}
			files[name], sizes[name] = bytes.NewReader(kept), int64(len(kept))
		}
		kept, err := Recover(log, files, func(name string) string { return name })
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			want := int64(0)
			if last >= 0 {
				want = log[last].bytesOf(name)
			}
			if kept.Bytes[name] != want {
				t.Fatalf("%s: %d bytes are kept of %d, wanted %d", name, kept.Bytes[name], sizes[name], want)
			}
		}
	})
}

// A byte changed before the last checkpoint but one is damage, whichever it is.
func TestRecoverFindsChanges(t *testing.T) {
	data := []byte("one, two, three")
	log := []Checkpoint{{Files: []File{Of("a", data[:4])}}, {Files: []File{Of("a", data[:9])}}, {Files: []File{Of("a", data)}}}
	for at := range data {
		spoilt := bytes.Clone(data)
		spoilt[at] ^= 0x80
		kept, err := Recover(log, map[string]io.Reader{"a": bytes.NewReader(spoilt)}, func(name string) string { return name })
		damage, damaged := errors.AsType[*DamageError](err)
		if damaged != (at < 9) || damaged && damage.Path != "a" || !damaged && (err != nil || kept.Bytes["a"] != 9 || kept.Torn != 1) {
			t.Errorf("byte %d changed: %+v, %v", at, kept, err)
		}
	}
}

func TestParseLog(t *testing.T) {
	line := string(Checkpoint{Files: []File{Of("a", []byte("x"))}}.Line())
	for text, want := range map[string]struct {
		lines      int
		torn, fail bool
	}{
		"": {}, line: {lines: 1}, line + line: {lines: 2},
		line + line[:len(line)-1]: {lines: 2},
		line + line[:9]:           {lines: 1, torn: true},
		line + "\x00\x00":         {lines: 1, torn: true},
		line + "{}\n":             {fail: true},
		"x\n" + line:              {fail: true},
	} {
		log, torn, err := ParseLog("log", []byte(text))
		if len(log) != want.lines || torn != want.torn || (err != nil) != want.fail {
			t.Errorf("%q: %d lines, torn %t, %v, wanted %+v", text, len(log), torn, err, want)
		}
	}
}

func TestSign(t *testing.T) {
	type manifest struct {
		Name string `json:"name"`
		Seal *Seal  `json:"seal"`
	}
	s := &Seal{Files: []File{Of("a", []byte("x"))}}
	text, err := Sign(manifest{`"manifest_sha256": "`, s}, s)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify("run.json", text); err != nil {
		t.Errorf("as it was signed: %v", err)
	}
	for at := range text {
		spoilt := bytes.Clone(text)
		spoilt[at] ^= 4
		if err := s.Verify("run.json", spoilt); err == nil {
			t.Errorf("byte %d of %s changed: verified", at, text)
		}
	}
}
