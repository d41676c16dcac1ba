package loadgen

import (
	"testing"

	"fsctl/loadgen/redact"
)

// Of a body that is no text, such as a picture in a form, a sample keeps the size alone.
func TestSamplesKeepNoPictures(t *testing.T) {
	for body, want := range map[string]string{
		"name=(x)&title=" + "t\u00f6st":                       "name=(x)&title=t\u00f6st",
		"--b\r\n\r\ntext\r\n--b\r\n\r\n\x89PNG\r\n\x1a\n\x00": "(29 B that are no text)",
	} {
		if got := keptBody(redact.New(), body, true, len(body)); got != want {
			t.Errorf("%q: kept %q, wanted %q", body, got, want)
		}
	}
}
