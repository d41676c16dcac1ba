package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What the peers print when a server answers everything with 404, and when it refuses connections.
func TestOutputs(t *testing.T) {
	us := time.Microsecond
	for _, test := range []struct {
		file  string
		parse func([]byte) (ownReport, error)
		want  ownReport
	}{
		{"wrk.txt", parseWrk, ownReport{requests: 25596, errors: 25596, service: quantiles{68 * us, 3380 * us}}},
		{"wrk2.txt", parseWrk2, ownReport{requests: 12003, errors: 10, response: quantiles{6670 * us, 11180 * us}}},
		{"h2load.txt", parseH2load, ownReport{requests: 31431, errors: 31431}},
		{"ab.txt", parseAb, ownReport{requests: 200, errors: 200}},
		{"hey.txt", parseHey, ownReport{requests: 100, errors: 100, service: quantiles{300 * us, 2100 * us}}},
		{"hey-refused.txt", parseHey, ownReport{requests: 100, errors: 100}},
		{"vegeta.json", parseVegeta, ownReport{requests: 50, errors: 50, service: quantiles{388_986, 5_201_591}}},
		{"k6.json", parseK6, ownReport{requests: 7476, errors: 7476, service: quantiles{85_389, 509_666}}},
		{"fsctl.json", parseFsctl, ownReport{requests: 150, errors: 150, service: quantiles{167_423, 793_599}, response: quantiles{824_831, 10_010_623}}},
	} {
		text, err := os.ReadFile(filepath.Join("testdata", test.file))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := test.parse(text); err != nil || got != test.want {
			t.Errorf("%s: found %+v (%v), wanted %+v", test.file, got, err, test.want)
		}
		for _, broken := range []string{"", "connection refused\n"} {
			if got, err := test.parse([]byte(broken)); err == nil {
				t.Errorf("%s: %q was taken for %+v, wanted an error", test.file, broken, got)
			}
		}
	}
}
