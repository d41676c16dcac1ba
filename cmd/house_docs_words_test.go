package cmd_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"testing"
)

var (
	numberTypes = regexp.MustCompile(`\b(float|u?int)(8|16|32|64)?\b`)
	floatTypes  = regexp.MustCompile(`\bfloat(32|64)\b`)

	// failure is a word of failing; a statement has a reason too, which ofWhat finds: "returns an error" is none.
	failure = regexp.MustCompile(`(?i)\b(errors?|fails?|failed|refuses?|refused|invalid|rejects?|rejected|nil|problems?|wrong|interrupted)\b|\b[A-Z]?\w*Err(or)?\w*\b`)
	ofWhat  = regexp.MustCompile(`(?i)\b(if|where|when|unless|until|while|for|that|which|whose|what|as|of|about|never|always|only|on|with|without|from|after|are|is)\b|'s\b|\[\*?\w|\*\[`)

	// unit is a unit or what is counted; a share is from 0 to 1.
	unit = regexp.MustCompile(`\[(1/)?[a-z%][a-z0-9 /x^%]*\]|\d ?%|/s\b|\d [nm]?s\b|` +
		`(?i)\b((nano|micro|milli)?seconds?|minutes?|hours?|days?|per|bytes?|k?B|bits?|cores?|percent|erlang|shares?|ratio|probability|` +
		`users?|requests?|calls?|instances?|servers|arrivals|connections|replicas?|pods?|items|pieces|orders|snapshots|` +
		`columns|trials|shards|units?|digits|currency|factor)\b`)
	// span is a range.
	span = regexp.MustCompile(`[<>]=? ?-?\d|-?\d\S* (to|and) \S|\d\.\.|\b(from|above|below|beyond|least|most|than|over|under|or|exclusive|not|never|up to|exactly|in) -?\d|` +
		`\[\d|\b\d\S* (for|where|when|if|without|stands|means|is|excluded|exclusive)\b|\bfinite|\b(any|all) (number|value)|unknown`)

	// unitName ends a name that says its unit.
	unitName = regexp.MustCompile(`(?i)(per(Sec|Second|Hour|Day|Minute|Month|CoreHour)|Ratio|Shares?|Bytes|Cores|Seconds|Hours|Percent|Erlangs?|Quantile|Probability|Factor|` +
		`Users|Requests|Calls|Instances|Servers|Pods|Connections|Replicas|MilliSeconds|Millis|Nanos|Micros|Days)$`)
	// indexName is a number that counts or numbers: its noun is its unit.
	indexName = regexp.MustCompile(`^(i|j|k|n|seed|index|line|number|len|size|count|epoch|hits|most|least|points|first|last|second)$`)

	namesSource = regexp.MustCompile(`Source:|(?i)\bderived\b|\bby definition\b|\bdefinition of\b`)
	formula     = regexp.MustCompile(`(?m)^[\t ]+.* (=|<=|>=) `)
	inline      = regexp.MustCompile(` = |\^|\b(sqrt|ln|exp)\(`)
)

// saysFailure reports whether one statement has a word of failing and a reason.
func saysFailure(doc string) bool {
	for _, s := range statements(doc) {
		if failure.MatchString(s) && (ofWhat.MatchString(s) || strings.Contains(s, "Error")) {
			return true
		}
	}
	return false
}

// missingNumbers returns the numbers of a function of which its comment gives neither unit nor range.
func missingNumbers(name, doc string, f *ast.FuncType) (list []string) {
	if f.Params != nil {
		for _, p := range f.Params.List {
			kind := types.ExprString(p.Type)
			if !numberTypes.MatchString(kind) || strings.HasPrefix(kind, "func") || strings.HasPrefix(kind, "map") {
				continue
			}
			for _, n := range p.Names {
				switch {
				case n.Name == "_", carriesUnit(n.Name), saysUnitOf(doc, n.Name):
				case !floatTypes.MatchString(kind) && (counts(n.Name) || saysUnitOf(doc, strings.TrimSuffix(n.Name, "s"))):
				default:
					list = append(list, "parameter "+n.Name+" "+kind)
				}
			}
		}
	}
	if f.Results == nil || carriesUnit(name) || saysUnit(doc) {
		return list
	}
	for _, r := range f.Results.List {
		if kind := types.ExprString(r.Type); floatTypes.MatchString(kind) && !strings.HasPrefix(kind, "func") || numberTypes.MatchString(kind) && len(r.Names) == 0 && !strings.HasPrefix(kind, "func") && !counts(name) {
			list = append(list, "result "+kind)
		}
	}
	return list
}

func carriesUnit(name string) bool { return unitName.MatchString(name) }

func counts(name string) bool { return indexName.MatchString(strings.ToLower(name)) }

func saysUnit(doc string) bool { return unit.MatchString(doc) || span.MatchString(doc) }

// saysUnitOf reports whether a statement that names the thing has a unit or a range.
func saysUnitOf(doc, name string) bool {
	named := regexp.MustCompile(`(?i)\b` + regexp.QuoteMeta(name) + `s?\b`)
	for _, s := range statements(doc) {
		if named.MatchString(s) && saysUnit(s) {
			return true
		}
	}
	return false
}

func hasFormula(doc string, alsoInline bool) bool {
	return formula.MatchString(doc) || alsoInline && inline.MatchString(doc)
}

// statements cuts a comment into sentences and the lines of its tables. A line without a space after its tab goes on
// with the one before.
func statements(doc string) (list []string) {
	var prose strings.Builder
	flush := func() {
		list = append(list, regexp.MustCompile(`[.;] |\.$`).Split(strings.TrimSpace(prose.String()), -1)...)
		prose.Reset()
	}
	for line := range strings.Lines(doc) {
		switch text := strings.TrimSpace(line); {
		case text == "":
			flush()
		case !strings.HasPrefix(line, "\t"):
			prose.WriteString(text + " ")
		case strings.HasPrefix(line, "\t ") && len(list) > 0:
			list[len(list)-1] += " " + text
		default:
			flush()
			list = append(list, text)
		}
	}
	flush()
	return list
}

// TestDocstringRules shows what passes the rules, and that each of them can fail.
func TestDocstringRules(t *testing.T) {
	const inQueueing, elsewhere = "plan/queueing", "report"
	for _, c := range []struct{ dir, source, want string }{
		{elsewhere, "// Open reads a run. It fails where the path does not exist.\nfunc Open(path string) error { return nil }", ""},
		{elsewhere, "func Open(path string) {}", ruleName},
		{elsewhere, "// This reads a run.\nfunc Open(path string) {}", ruleName},
		{elsewhere, "// reads a run.\nfunc read(path string) error { return nil }", ""},
		{elsewhere, "type T struct{}", ruleName},
		{elsewhere, "// A T is a thing.\ntype T struct{}", ""},
		{elsewhere, "type t struct{}\nfunc (t) Error() string { return \"\" }", ""},
		{elsewhere, "type t struct{}\nfunc (t) Judge() string { return \"\" }", ruleName},
		{elsewhere, "const X = \"x\"", ruleName},
		{elsewhere, "// What there is.\nconst (\n\tX = \"x\"\n\ty = \"y\"\n)", ""},

		{elsewhere, "// Open reads a run.\nfunc Open(path string) error { return nil }", ruleErrors},
		{elsewhere, "// Open reads a run and returns an error.\nfunc Open(path string) error { return nil }", ruleErrors},
		{elsewhere, "// Open reads a run. Errors: [RangeError].\nfunc Open(path string) error { return nil }", ""},
		{elsewhere, "// Open reads a run. The error is an *InputError for a file that is none.\nfunc Open(path string) (string, error) { return path, nil }", ""},
		{elsewhere, "// T is a thing.\ntype T struct{}\n// Unwrap is what is wrong.\nfunc (T) Unwrap() error { return nil }", ""},
		{elsewhere, "// I reads.\ntype I interface {\n\t// Read reads a run.\n\tOpen(path string) error\n}", ruleName + " " + ruleErrors},

		{elsewhere, "// Cost returns what it costs.\nfunc Cost(rate float64) string { return \"\" }", ruleNumber},
		{elsewhere, "// Cost returns what a rate costs; it is above 0.\nfunc Cost(rate float64) string { return \"\" }", ruleNumber},
		{elsewhere, "// Cost returns what a rate [1/s] costs.\nfunc Cost(rate float64) string { return \"\" }", ""},
		{elsewhere, "// Cost returns what it costs; rate is above 0.\nfunc Cost(rate float64) string { return \"\" }", ""},
		{elsewhere, "// Cost returns what it costs.\nfunc Cost(ratePerSec float64) string { return \"\" }", ""},
		{elsewhere, "// Wait returns how long it is.\nfunc Wait() float64 { return 0 }", ruleNumber},
		{elsewhere, "// Wait returns how long it is [s].\nfunc Wait() float64 { return 0 }", ""},
		{elsewhere, "// WaitSeconds returns how long it is.\nfunc WaitSeconds() float64 { return 0 }", ""},
		{elsewhere, "// At returns a slot.\nfunc At(slot int) string { return \"\" }", ruleNumber},
		{elsewhere, "// At returns a slot, from 1.\nfunc At(slot int) string { return \"\" }", ""},
		{elsewhere, "// Draw draws.\nfunc Draw(seed uint64, n int) string { return \"\" }", ""},
		{elsewhere, "// T is a thing.\ntype T struct {\n\tRate float64\n}", ruleNumber},
		{elsewhere, "// T is a thing.\ntype T struct {\n\tRate float64 // [1/s]\n\tMaxRatio float64\n\trate float64\n}", ""},
		{elsewhere, "// Most is the most.\nconst Most = 4096", ruleNumber},
		{elsewhere, "// MostBytes is the most.\nconst MostBytes = 4096", ""},

		{inQueueing, "// Area is w h [s].\nfunc Area() float64 { return 0 }", ruleSource},
		{inQueueing, "// Area is w h [s]. Derived from its definition.\nfunc Area() float64 { return 0 }", ""},
		{elsewhere, "// Area is [s]\n//\n//\ta = w h\nfunc Area() float64 { return 0 }", ruleSource},
		{elsewhere, "// Area is [s]\n//\n//\ta = w h\n//\n// Source: Euclid.\nfunc Area() float64 { return 0 }", ""},
	} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "x.go", "package x\n"+c.source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		d := documented{set, c.dir, "x.go", file}
		var found []string
		for _, p := range d.problems() {
			found = append(found, p.rule)
		}
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("found %q, wanted %q of\n%s", got, c.want, c.source)
		}
	}
}
