package scenarios

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"fsctl/scenarios/amount"
	"fsctl/scenarios/inputfile"
	"fsctl/scenarios/quantity"
	"fsctl/scenarios/request"
	"fsctl/scenarios/table"
	"fsctl/scenarios/template"
	"fsctl/scenarios/threshold"
)

func (v *validator) sale() {
	s := v.s.Sale
	if s == nil {
		return
	}
	if s.Stock < 1 || s.Stock > 1e9 {
		v.Problem("sale.stock", "found %d, wanted the pieces of each item, 1 to 1G", s.Stock)
	}
	if s.Items < 1 || s.Items > 10_000_000 {
		v.Problem("sale.items", "found %d, wanted 1 to 10M", s.Items)
	}
	if s.Margin > mostMoney {
		v.Problem("sale.margin", "found %s, wanted at most 1T", quantity.Precise(float64(s.Margin)))
	}
	if s.Popularity.Zipf > 10 {
		v.Problem("sale.popularity.zipf", "found %s, wanted 0 to 10", quantity.Precise(s.Popularity.Zipf))
	}
	if v.numbered("sale.sku", s.SKU) == 0 && s.Items > 1 {
		v.Problem("sale.sku", "found %q for %d items, wanted ${n} in it", s.SKU, s.Items)
	}
}

func (v *validator) rehearsal() {
	if r := v.s.Rehearsal; r != nil && r.Scale <= 0 {
		v.Problem("rehearsal.scale", "found 0, wanted above 0")
	}
}

// feeders checks the feeders and learns the variables they give.
func (v *validator) feeders() {
	v.variables = []string{"arrival", "user.id", "sku"}
	for i := range v.s.Feeders {
		f := &v.s.Feeders[i]
		path := "feeders." + f.Name
		fields := slices.Sorted(maps.Keys(f.Fields))
		if !plainVariable.MatchString(f.Name) {
			v.Problem(path, "found the name %q, wanted letters, digits and _: it stands in ${name.field}", f.Name)
		}
		if f.Name == environmentName {
			v.Problem(path, "found the name %s, wanted another: ${%s.NAME} is a variable of the environment", f.Name, f.Name)
		}
		for _, name := range fields {
			if !plainVariable.MatchString(name) {
				v.Problem(path+".fields."+name, "found the name %q, wanted letters, digits and _: it stands in ${%s.field}", name, f.Name)
			}
		}
		switch f.From {
		case "sequence":
			if f.Size < 1 || f.Size > 1e12 || f.Size != amount.Count(math.Round(float64(f.Size))) {
				v.Problem(path+".size", "found %s, wanted a whole number of rows, 1 to 1T", quantity.Precise(float64(f.Size)))
			}
			for name, text := range f.Fields {
				v.numbered(path+".fields."+name, text)
			}
		case "csv":
			if !v.files {
				v.Skip(path)
				break
			}
			var err error
			if fields, err = v.s.csvHeader(f); err != nil {
				v.Problem(path+".file", "%v", err)
				v.Skip(path)
			}
		}
		for _, name := range append(fields, "id") {
			if name := f.Name + "." + name; !slices.Contains(v.variables, name) {
				v.variables = append(v.variables, name)
			}
		}
	}
}

// numbered checks a text in which only ${n} may stand, and returns how often it does.
func (v *validator) numbered(path, text string) int {
	t, err := template.Parse(text)
	if err != nil {
		v.Problem(path, "%v", err)
	}
	for _, value := range t.Values() {
		v.oneOf(path, "variable", value.Text, []string{"n"})
	}
	return len(t.Values())
}

// Path returns where a file that the scenario names is: beside the scenario's own.
func (s *Scenario) Path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(filepath.Dir(s.File), file)
}

// Table reads a CSV file that the scenario names. It fails as [table.ReadFile] does.
func (s *Scenario) Table(file string) (*table.Table, error) {
	if s.files == nil {
		return table.ReadFile(s.Path(file))
	}
	if s.files[file] == nil {
		return nil, s.notGiven(file)
	}
	return table.Parse(s.files[file])
}

// notGiven is the error of a data file that did not come with the scenario. One of that name on this machine is none of its files.
func (s *Scenario) notGiven(file string) error {
	return fmt.Errorf("found no file %q with the scenario, wanted every file that it names", file)
}

func (s *Scenario) csvHeader(f *Feeder) ([]string, error) {
	if f.File == "" {
		return nil, fmt.Errorf("missing, wanted a CSV file")
	}
	var file io.ReadCloser = io.NopCloser(bytes.NewReader(s.files[f.File]))
	if s.files == nil {
		var err error
		if file, err = inputfile.Open(s.Path(f.File)); err != nil {
			return nil, err
		}
	} else if s.files[f.File] == nil {
		return nil, s.notGiven(f.File)
	}
	defer file.Close()
	header, err := table.Header(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.File, err)
	}
	return header, nil
}

func (v *validator) thresholds() {
	for i := range v.s.Thresholds {
		l := &v.s.Thresholds[i]
		counters := v.counterNames("")
		err := threshold.CheckMetric(l.Name, counters...)
		if err == nil {
			err = l.Resolve(counters)
		}
		if err != nil {
			v.Problem("thresholds."+l.Name, "%v", err)
			continue
		}
		for _, t := range l.Thresholds {
			path := "thresholds." + l.Name
			if t.Step != "" {
				v.oneOf(path, "step", t.Step, v.stepNames())
			}
			if t.Group != "" && !v.IsUnread("journeys") {
				v.oneOf(path, "group", t.Group, v.groupNames())
			}
			if t.Outcome != "" {
				v.oneOf(path, "outcome", t.Outcome, v.outcomes(t.Step))
			}
			if t.Method != "" && !v.IsUnread("steps") {
				v.oneOf(path, "request by the method", t.Method, v.methods(t.Step))
			}
			if t.Journey != "" && !v.IsUnread("journeys") {
				v.oneOf(path, "journey", t.Journey, v.journeyNames())
			}
			if why := v.neverJudged(&t); why != "" {
				v.Problem(path, "found %s %s, which %s", t.Key(), t.Text, why)
			}
		}
	}
}

// neverJudged says why a threshold can hold in no run, or has data in none; nothing where it can.
func (v *validator) neverJudged(t *threshold.Threshold) string {
	if why := t.Unknown(); why != "" {
		return "has no data: " + why
	}
	checked := func(s Step) bool { return len(s.Check) > 0 && (t.Step == "" || t.Step == s.Name) }
	if t.Metric == "checks" && !t.Optional && !v.IsUnread("steps") && !slices.ContainsFunc(v.s.Steps, checked) {
		return "has no data: no step of it has a check"
	}
	patient := func(s Step) bool { return s.Patience > 0 && (t.Step == "" || t.Step == s.Name) }
	switch {
	case t.Optional || v.IsUnread("steps") || v.IsUnread("journeys"):
	case t.Metric == "abandoned" && !slices.ContainsFunc(v.s.Steps, patient):
		return "has no data: no step of it has a patience"
	case t.Metric == "group_duration" && len(v.groupNames()) == 0:
		return "has no data: no journey has a group"
	case t.Own && t.Step != "" && !slices.Contains(v.counterNames(t.Step), t.Metric):
		return "has no data: the step " + t.Step + " does not count it"
	}
	isShare := t.Kind == threshold.Share && t.Aggregation == "rate"
	if t.Operator == "<" && t.Value == 0 || isShare && t.Value == 1 && t.Operator == ">" {
		return "never holds"
	}
	return ""
}

// ledger checks that what the invariants need is there.
func (v *validator) ledger() {
	for _, i := range v.s.Invariants {
		if v.IsUnread("sale") {
			break
		}
		if i.Name == NoOversell && v.s.Sale == nil {
			v.Problem("invariants", "found %s without a sale, wanted sale.stock", i.Name)
		}
		if i.Name == OneOrderPerUser && (v.s.Sale == nil || v.s.Sale.PerUser == 0) {
			v.Problem("invariants", "found %s without sale.per_user, wanted the number that one user may buy", i.Name)
		}
	}
	l := v.s.Ledger
	if l == nil {
		if len(v.s.Invariants) > 0 && !v.isOver && !v.IsUnread("ledger") {
			v.Problem("invariants", "found %s without a ledger, wanted ledger.url or ledger: %s", quantity.Of(len(v.s.Invariants), "invariant"), LedgerOfAnswers)
			v.Hint(`say where the target lists what it sold, ledger: {url: "/ledger"}, or ledger: ` + LedgerOfAnswers + " to judge by its answers alone")
		}
		return
	}
	switch {
	case l.Answers && l.URL != "":
		v.Problem("ledger", "found url beside answers, wanted one of them")
	case l.Answers && l.Baseline == ReadBaseline:
		v.Problem("ledger.baseline", "found %s beside answers, wanted it only with url: there is no ledger to read", l.Baseline)
	case !l.Answers && !strings.HasPrefix(l.URL, "/"):
		public, _, _ := strings.Cut(l.URL[strings.LastIndex(l.URL, "@")+1:], "?") // neither a password nor a key
		v.Problem("ledger.url", "found %q, wanted a path that begins with /, or ledger: %s for a target without a ledger", public, LedgerOfAnswers)
	case !onlyEnvironment(l.URL):
		v.Problem("ledger.url", "found variables beside ${env.NAME}, wanted none: it is read for no user")
	default:
		if err := request.CheckURL(l.URL); err != nil {
			v.Problem("ledger.url", "%v", err)
		}
	}
	var outcomes, variables []string
	for _, s := range v.s.Steps {
		if s.Transaction {
			for _, o := range s.Outcome {
				outcomes = append(outcomes, o.Name)
			}
			variables = append(variables, slices.Sorted(maps.Keys(s.Extract))...)
		}
	}
	if !slices.Contains(outcomes, l.Outcome) || !slices.Contains(variables, l.OrderID) {
		v.Hint("an order that a buyer was told of has the outcome placed and an extracted order_id; other names stand in ledger, such as {" + LedgerOfAnswers + ": true, outcome: NAME, order_id: VARIABLE}")
	}
	v.oneOf("ledger.outcome", "outcome of a transaction step", l.Outcome, outcomes)
	v.oneOf("ledger.order_id", "extracted variable of a transaction step", l.OrderID, variables)
}
