package cmd_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed says which packages of the product each one may import. It is the picture in
// docs/architecture.md.
var allowed = map[string][]string{
	"fsctl":                      {"fsctl/cmd"},
	"fsctl/cmd":                  {"fsctl/loadgen", "fsctl/loadgen/fleet", "fsctl/loadgen/fleet/bus", "fsctl/loadgen/fleet/local", "fsctl/loadgen/fleet/roster", "fsctl/loadgen/fleet/stream", "fsctl/loadgen/record", "fsctl/plan", "fsctl/report", "fsctl/report/figure", "fsctl/report/render", "fsctl/scenarios", "fsctl/scenarios/shop"},
	"fsctl/bench":                {"fsctl/loadgen/record", "fsctl/report/figure"},
	"fsctl/loadgen":              {"fsctl/loadgen/record", "fsctl/loadgen/wire", "fsctl/scenarios"},
	"fsctl/loadgen/wire":         {},
	"fsctl/loadgen/record":       {},
	"fsctl/loadgen/fleet":        {"fsctl/loadgen", "fsctl/loadgen/fleet/bus", "fsctl/loadgen/fleet/clock", "fsctl/loadgen/fleet/local", "fsctl/loadgen/fleet/roster", "fsctl/loadgen/fleet/stream", "fsctl/loadgen/record", "fsctl/scenarios"},
	"fsctl/loadgen/fleet/bus":    {},
	"fsctl/loadgen/fleet/clock":  {"fsctl/loadgen/fleet/bus"},
	"fsctl/loadgen/fleet/local":  {},
	"fsctl/loadgen/fleet/roster": {"fsctl/loadgen/record", "fsctl/scenarios"},
	"fsctl/loadgen/fleet/stream": {"fsctl/loadgen/record"},
	"fsctl/plan":                 {"fsctl/plan/queueing", "fsctl/scenarios"},
	"fsctl/plan/queueing":        {},
	"fsctl/report":               {"fsctl/loadgen/record", "fsctl/plan", "fsctl/plan/queueing", "fsctl/report/figure", "fsctl/scenarios"},
	"fsctl/report/figure":        {},
	"fsctl/report/render":        {"fsctl/plan", "fsctl/report", "fsctl/report/figure", "fsctl/scenarios"},
	"fsctl/scenarios":            {},
	"fsctl/scenarios/shop":       {"fsctl/scenarios"},
}

// owners says which package alone may import a library.
var owners = map[string]string{
	"github.com/spf13/cobra":              "fsctl/cmd",
	"github.com/spf13/viper":              "fsctl/cmd",
	"github.com/olekukonko/tablewriter":   "fsctl/report/render",
	"github.com/prometheus/client_golang": "fsctl/scenarios/shop",
	"gonum.org/v1/plot":                   "fsctl/report/render",
	"github.com/nats-io/nats-server/v2":   "fsctl/loadgen/fleet/bus",
	"github.com/nats-io/nkeys":            "fsctl/loadgen/fleet/bus",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestImports(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "fsctl/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; seen++ {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		may, known := allowed[p.ImportPath]
		if !known {
			t.Errorf("%s is not in the picture: add it there and here", p.ImportPath)
		}
		for _, i := range p.Imports {
			if strings.HasPrefix(i, "fsctl") && !slices.Contains(may, i) {
				t.Errorf("%s imports %s, which it may not", p.ImportPath, i)
			}
			for library, owner := range owners {
				if (i == library || strings.HasPrefix(i, library+"/")) && p.ImportPath != owner {
					t.Errorf("%s imports %s, which only %s may", p.ImportPath, i, owner)
				}
			}
		}
	}
	if seen != len(allowed) {
		t.Errorf("found %d packages, wanted %d", seen, len(allowed))
	}
}
