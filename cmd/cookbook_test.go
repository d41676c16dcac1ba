package cmd_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"fsctl/loadgen/try"
)

// wrongRecipe is a recipe of the cookbook without what it is about, and what comes of it.
type wrongRecipe struct{ file, old, new, want string }

// wrongRecipes has one at least of each recipe that a single user can get wrong.
func wrongRecipes() []wrongRecipe {
	const noCookies = "\ndefaults: {cookies: off}\n"
	return []wrongRecipe{
		{"login.yaml", "\nsteps:", noCookies + "steps:", "step account (request 2)"},
		{"login.yaml", `password: "${user.password}"`, "password: guessed", "step login (request 1): check status 200 failed: found status 401"},
		{"csrf.yaml", `csrf: "${csrf}", `, "", "found status 403"},
		{"csrf.yaml", "\nsteps:", noCookies + "steps:", "found status 403"},
		{"upload.yaml", "{file: lamp.png}", "lamp.png", "found status 400"},
		{"pages.yaml", "${next|''}", "${next|'c9'}", "found status 400"},
		{"graphql.yaml", `q: "${random.pick('lamp', 'bag')}"`, `q: ""`, "check not json:$.errors failed"},
		{"signed.yaml", "env.SIGN_KEY", "'guessed'", "found status 403"},
		{"signed.yaml", "path, body)", "path)", "step order (request 2): check status 201 failed: found status 403"},
		{"token.yaml", "Bearer ${token}", "Bearer guessed", "found status 401"},
		{"hosts.yaml", "Bearer ${token}", "Bearer guessed", "found status 401"},
		{"again.yaml", "\nsteps:", noCookies + "steps:", "found status 403"},
		{"retries.yaml", "when: busy", "when: failed", "ended by busy"},
		{"smoke.yaml", "sku-1", "sku-9", "found status 404"},
	}
}

// Every recipe of docs/cookbook.md does what it says for one user, and fails without what it is about. TestManualCommands sends the
// load of each.
func TestCookbook(t *testing.T) {
	ownConfig(t)
	t.Setenv("SIGN_KEY", "shelf")
	page := readPage(t, "docs/cookbook.md")
	recipes := filesOf(page)
	if plain := filesOf(readPage(t, "README.md"))["plain.yaml"]; strings.Count(plain, "\n") != 11 {
		t.Errorf("README.md has %q, wanted the ten lines that it promises below the file's name", plain)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	writeFiles(t, dir, map[string]string{"users.csv": "name,password\nann,lamp\nbob,lamp\n", "lamp.png": strings.Repeat("lamp", 5000)})
	writeFiles(t, dir, recipes)
	attempt := func(file string, code int) try.Result {
		shop, api := startCookbookShop(t) // a new one each time: user 1 has the same values, and its shop must not know them yet
		args := []string{file, "--target", shop}
		if file == "hosts.yaml" {
			args = append(args, "--target", "api="+api)
		}
		return tried(t, code, args...)
	}
	wrongs := wrongRecipes()
	scenarios := 0
	for file := range recipes {
		if file == "load.yml" {
			continue
		}
		if scenarios++; strings.Count(recipes[file], "\n") > 25 {
			t.Errorf("%s has over 25 lines, wanted a short one", file)
		}
		inProcess(t, 0, "scenarios", "validate", file)
		if r := attempt(file, 0); r.Ended.How != try.Finished || len(r.Steps) == 0 {
			t.Errorf("%s: found %+v, wanted a user who finishes", file, r.Ended)
		}
		if file != "bots.yaml" && !slices.ContainsFunc(wrongs, func(w wrongRecipe) bool { return w.file == file }) {
			t.Errorf("wrongRecipes has nothing about %s", file)
		}
	}
	if tasks := strings.Count(page, "\n## "); tasks != 12 || scenarios != tasks {
		t.Errorf("found %d tasks with %d scenarios, wanted 12 with one each", tasks, scenarios)
	}
	for _, w := range wrongs {
		text := strings.Replace(recipes[w.file], w.old, w.new, 1)
		if text == recipes[w.file] {
			t.Errorf("%s has no %q to be replaced", w.file, w.old)
			continue
		}
		writeFiles(t, dir, map[string]string{w.file: text})
		code := 1
		if strings.HasPrefix(w.want, "ended") {
			code = 0
		}
		r := attempt(w.file, code)
		found := r.Ended.How + " by " + r.Ended.Outcome
		if r.Failure != nil {
			found = r.Err().Error()
		}
		if w.want == "ended by busy" {
			found = strings.Replace(found, try.ByOutcome, "ended", 1)
		}
		if !strings.Contains(found, w.want) {
			t.Errorf("%s with %q: found %q, wanted %q", w.file, w.new, found, w.want)
		}
	}
}

// The bots of the cookbook must be turned away: where they are not, the run fails.
func TestCookbookBots(t *testing.T) {
	needsSeconds(t)
	ownConfig(t)
	shop, _ := startCookbookShop(t)
	wrong := strings.Replace(filesOf(readPage(t, "docs/cookbook.md"))["bots.yaml"], "python-requests/2.32", "Mozilla/5.0", 1)
	dir := t.TempDir()
	t.Chdir(dir)
	writeFiles(t, dir, map[string]string{"bots.yaml": wrong})
	page := inProcess(t, 99, "attack", "bots.yaml", "--target", shop, "--set", "storm.phases.0.to=T0+2s", "--set", "storm.lateness.limit=1m")
	if !strings.Contains(page, "outcome{step:grab,outcome:blocked}") {
		t.Errorf("the report does not name the threshold:\n%s", page)
	}
}

// The workflow of the cookbook, run by sh as a runner does, ends with the exit code that its page gives for each shop.
func TestCookbookInCI(t *testing.T) {
	needsSeconds(t)
	ownConfig(t)
	recipes := filesOf(readPage(t, "docs/cookbook.md"))
	var workflow struct {
		Jobs map[string]struct {
			Env   map[string]string
			Steps []struct{ Run, Uses string }
		}
	}
	if err := yaml.Unmarshal([]byte(recipes["load.yml"]), &workflow); err != nil {
		t.Fatal(err)
	}
	job := workflow.Jobs["load"]
	shop, _ := startCookbookShop(t)
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	t.Cleanup(broken.Close)
	smoke := strings.Replace(recipes["smoke.yaml"], "T0+20s", "T0+1s", 1)
	if smoke == recipes["smoke.yaml"] || len(job.Env) != 1 || len(job.Steps) != 5 {
		t.Fatalf("found another workflow than the test knows: %+v", job)
	}
	for _, c := range []struct {
		name, shop, scenario string
		validate, try, send  int
		verdict              string // in JUnit
		summary              string
	}{
		{"passes", shop, smoke, 0, 0, 0, `failures="0"`, "PASS"},
		{"fails", broken.URL, smoke, 0, 1, 99, "<failure", "FAIL"},
		{"is wrong", shop, strings.Replace(smoke, "[item]", "[itme]", 1), 104, 104, 104, "", ""},
		{"is not there", "http://127.0.0.1:1", smoke, 0, 1, 115, "<testsuite", ""},
	} {
		dir := t.TempDir()
		writeFiles(t, dir, map[string]string{"smoke.yaml": c.scenario})
		summary := filepath.Join(dir, "summary.md")
		codes := []int{c.validate, c.try, c.send}
		for _, step := range job.Steps {
			if step.Run == "" {
				continue
			}
			run := shell(t, dir, step.Run)
			run.Env = append(run.Environ(), "SHOP="+c.shop, "GITHUB_STEP_SUMMARY="+summary)
			printedBy(t, run, codes[0])
			codes = codes[1:]
		}
		for file, want := range map[string]string{"verdict.xml": c.verdict, "summary.md": c.summary} {
			text, err := os.ReadFile(filepath.Join(dir, file))
			if want != "" && (err != nil || !strings.Contains(string(text), want)) {
				t.Errorf("%s: %s has no %q: %v\n%s", c.name, file, want, err, text)
			}
		}
	}
}

// shell is a script in a directory of its own, in which fsctl is the released one.
func shell(t *testing.T, dir, script string) *exec.Cmd {
	t.Helper()
	plain := command(t, dir)
	c := exec.Command("sh", "-e", "-c", script)
	c.Dir, c.Env = dir, append(plain.Environ(), "PATH="+filepath.Dir(plain.Path)+string(filepath.ListSeparator)+os.Getenv("PATH"))
	return c
}
