package loadgen

import (
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// A body in gzip that a step asked for is unpacked where the step looks at it.
func TestStepsReadGzipByBothEngines(t *testing.T) {
	const plain = `{"filler": "` + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" + `", "id": "17"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.Header.Get("Accept-Encoding"), "gzip"):
			w.Header().Set("Content-Encoding", "gzip")
			z := gzip.NewWriter(w)
			fmt.Fprint(z, plain)
			z.Close()
		default:
			fmt.Fprint(w, plain)
		}
	}))
	defer server.Close()
	sc := "\nsteps: {a: {share: 50%, request: {url: /, headers: {Accept-Encoding: gzip}}, extract: {id: \"json:$.id\"}}, b: {share: 50%, request: {url: \"/${id}\"}}}\n" +
		"storm: {t0: 0s, phases: [{journey: j, at: T0, users: 10}]}\njourneys: {j: [a, b]}\n"
	for _, name := range []string{EngineWire, EngineVegeta} {
		run := send(context.Background(), t, must(New(Options{Scenario: parse(t, sc), Target: must(url.Parse(server.URL)), Seed: 1, Engine: name})), nil)
		if c := run.All("b"); c.Done != 10 || c.Failed != 0 {
			t.Errorf("%s: %d users went on with what they read, %d failed, wanted all 10", name, c.Done, c.Failed)
		}
	}
}
