package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"fsctl/plan"
	"fsctl/plan/explain"
	"fsctl/scenarios"
)

// pageOf returns a plan with its page.
func pageOf(t *testing.T, name string, set ...string) (*plan.Plan, []explain.Explanation, string) {
	t.Helper()
	sc, err := scenarios.Load(name, set...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := plan.New(sc, plan.Options{Trials: 300, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	list, err := explain.All(sc, p)
	if err != nil {
		t.Fatal(err)
	}
	cores, err := plan.TotalCores(sc, p, 50)
	if err != nil {
		t.Fatal(err)
	}
	p.Warnings = append(p.Warnings, plan.Warning{Code: "hostile", Message: `<script>alert("x")</script> & more`})
	var page bytes.Buffer
	if err := PlanHTML(&page, p, list, cores); err != nil {
		t.Fatal(err)
	}
	return p, list, page.String()
}

// textOf returns what a page says, and fails where it is not well-formed.
func textOf(t *testing.T, page string) string {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(page))
	var text strings.Builder
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return text.String()
		}
		if err != nil {
			t.Fatalf("the page is not well-formed: %v", err)
		}
		if c, ok := token.(xml.CharData); ok {
			text.Write(c)
		}
	}
}

func TestPlanPageIsWholeAndAlone(t *testing.T) {
	t.Parallel()
	external := regexp.MustCompile(`(?i)https?:|src=|@import|url\(|<link|<script|xlink|font-family:'?Liberation`)
	for _, name := range scenarios.Builtin() {
		p, list, page := pageOf(t, name)
		if found := external.FindString(page); found != "" {
			t.Errorf("%s: the page refers to something outside: %q", name, found)
		}
		text := textOf(t, page)
		for _, s := range p.Services {
			if !strings.Contains(text, s.Name) {
				t.Errorf("%s: the page lacks the service %s", name, s.Name)
			}
		}
		for _, w := range p.Warnings {
			if !strings.Contains(text, w.Message) {
				t.Errorf("%s: the page lacks the warning %s", name, w.Code)
			}
		}
		for _, e := range list {
			if !strings.Contains(text, e.Filled) {
				t.Errorf("%s: the page lacks the explanation of %s", name, e.Field)
			}
		}
		if n := strings.Count(page, "<svg"); n != 4 {
			t.Errorf("%s: the page has %d charts, wanted demand, cores, distribution and tornado", name, n)
		}
	}
}

func TestPlanPageIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	_, _, one := pageOf(t, "taobao-double11")
	_, _, two := pageOf(t, "taobao-double11")
	if one != two {
		t.Error("two pages of one plan differ")
	}
}

// A plan without any uncertain input has nothing to draw of its uncertainty.
func TestPlanPageOfACertainPlan(t *testing.T) {
	t.Parallel()
	_, _, page := pageOf(t, "century-mart-coupons", "workload.peak=2", "services.api-gateway.demand=1ms",
		"services.coupon-function.demand=100ms", "services.coupon-table.capacity=20k/s")
	textOf(t, page)
	if n := strings.Count(page, "<svg"); n != 2 {
		t.Errorf("the page has %d charts, wanted demand and cores", n)
	}
}

// A browser shows the page: the document it builds holds charts and warnings, and nothing is fetched.
func TestPlanPageInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("needs Chromium")
	}
	t.Parallel()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is missing: make deps")
	}
	p, _, page := pageOf(t, "taobao-double11")
	dir := t.TempDir()
	file := filepath.Join(dir, "plan.html")
	if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	shot := filepath.Join(dir, "plan.png")
	c := exec.Command(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir="+filepath.Join(dir, "profile"),
		"--window-size=1200,2000", "--dump-dom", "--screenshot="+shot, "file://"+file)
	dom, err := c.Output()
	if err != nil {
		t.Fatalf("chromium: %v", err)
	}
	if got := strings.Count(string(dom), "<svg"); got != 4 {
		t.Errorf("the browser sees %d charts, wanted 4", got)
	}
	if !strings.Contains(string(dom), p.Warnings[0].Code) || !strings.Contains(string(dom), "&lt;script&gt;") {
		t.Error("the browser does not see the warnings as text")
	}
	if info, err := os.Stat(shot); err != nil || info.Size() < 20_000 {
		t.Errorf("the picture of the page is empty: %v, error %v", info, err)
	}
}
