package journey

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// feederScenario has a step that names the user's row of a CSV file.
func feederScenario(t *testing.T, csv, feeder string, users int) (*Compiled, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "users.csv"), []byte(csv), 0o644); err != nil {
		t.Fatal(err)
	}
	sc, err := scenarios.Parse(filepath.Join(dir, "test.yaml"), []byte(loadtest.Head+fmt.Sprintf(`
steps: {a: {share: 100%%, request: {url: "/${user.token}/${user.id}"}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: %d}]}
journeys: {j: [a]}
feeders: {user: {from: csv, file: users.csv%s}}
`, users, feeder)))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(sc, 0)
	if err == nil {
		err = c.CheckRows(uint64(users))
	}
	return c, err
}

func TestFeederCSV(t *testing.T) {
	const three = "name, token\nann,\"t,1\"\nbob,t2\ncid,\"t\"\"3\"\n"
	s, err := feederScenario(t, three, "", 3)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"/t%2C1/1": true, "/t2/2": true, "/t%223/3": true}
	for k := range uint64(3) {
		r := &transport.Request{}
		s.Steps[0].Render(r, &User{User: compose.User{Arrival: k}}, &compose.Scratch{})
		if !want[string(r.URL)] {
			t.Errorf("arrival %d asks for %s", k, r.URL)
		}
		delete(want, string(r.URL))
	}
	if s, err = feederScenario(t, three, ", recycle: true", 7); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for k := range uint64(6) {
		r := &transport.Request{}
		s.Steps[0].Render(r, &User{User: compose.User{Arrival: k}}, &compose.Scratch{})
		count[string(r.URL)]++
	}
	if len(count) != 3 || count["/t2/2"] != 2 {
		t.Errorf("six arrivals got %v, wanted each row twice", count)
	}
}

// TestFeedersGiveEveryByte writes tables of any texts and finds them in requests as they were: in a body without a content type byte
// for byte, and in a URL and in JSON as a server decodes them.
func TestFeedersGiveEveryByte(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.Custom(func(rt *rapid.T) string { return strings.ReplaceAll(rapid.String().Draw(rt, "value"), "\x00", "") })
		rows := rapid.SliceOfN(rapid.SliceOfN(value, 2, 2), 1, 6).Draw(rt, "rows")
		var b bytes.Buffer
		b.WriteString(rapid.SampledFrom([]string{"", "\uFEFF"}).Draw(rt, "mark"))
		w := csv.NewWriter(&b)
		w.Comma = rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(rt, "separator")
		_ = w.WriteAll(append([][]string{{"name", "note"}}, rows...)) // to memory
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "users.csv"), b.Bytes(), 0o600); err != nil {
			rt.Fatal(err)
		}
		sc, err := scenarios.Parse(filepath.Join(dir, "test.yaml"), []byte(loadtest.Head+fmt.Sprintf(`
steps:
  a: {share: 50%%, request: {method: POST, url: "/x?name=${user.name}", body: "${user.name}|${user.note}"}}
  b: {share: 50%%, request: {url: "/", json: {name: "${user.name}", note: "-${user.note}-"}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: %d}]}
journeys: {j: [a, b]}
feeders: {user: {from: csv, file: users.csv}}
`, len(rows))))
		if err != nil {
			rt.Fatal(err)
		}
		c := must(Compile(sc, 0))
		found, left := &transport.Request{}, map[string]int{}
		for _, row := range rows {
			left[fmt.Sprintf("%q", row)]++
		}
		for k := range uint64(len(rows)) {
			var body map[string]string
			c.Steps[1].Render(found, &User{User: compose.User{Arrival: k}}, &compose.Scratch{})
			if err := json.Unmarshal(found.Body, &body); err != nil {
				rt.Fatalf("%s: %v", found.Body, err)
			}
			row := []string{body["name"], strings.TrimSuffix(strings.TrimPrefix(body["note"], "-"), "-")}
			left[fmt.Sprintf("%q", row)]--
			c.Steps[0].Render(found, &User{User: compose.User{Arrival: k}}, &compose.Scratch{})
			where, err := url.Parse("http://h" + string(found.URL))
			if err != nil || where.Query().Get("name") != row[0] || string(found.Body) != row[0]+"|"+row[1] {
				rt.Fatalf("row %q is sent as %s and %q: %v", row, found.URL, found.Body, err)
			}
		}
		for row, n := range left {
			if n != 0 {
				rt.Fatalf("row %s is sent %d times too few", row, n)
			}
		}
	})
}

func TestBadCSVIsTheUsersInput(t *testing.T) {
	for _, c := range []struct{ name, csv, want string }{
		{"ends early", "token\na\nb\n", "2 rows for 3 arrivals"},
		{"torn inside a quoted field", "token,x\na,1\nb,2\nc,\"3", "line 4"},
		{"a row too short", "token,x\na,1\nb\nc,3\n", "line 3"},
		{"only a header", "token\n", "no rows"},
		{"a row too long", "token,x\na,1\nb,2,3\nc,3\n", "line 3: found 3 values, wanted 2"},
		{"a NUL", "token\na\nb\x00\nc\n", "line 3: found a NUL"},
		{"Latin-1", "token\na\nM\xfcller\nc\n", "line 3: found a byte that is not UTF-8"},
		{"a stray quote", "token\na\nb\"c\nd\n", "line 3: found a quote within"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := feederScenario(t, c.csv, "", 3)
			input, found := errors.AsType[*transport.InputError](err)
			if !found || input.Hint == "" || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "feeder user") {
				t.Errorf("found %v, wanted an InputError that says %q, with a hint", err, c.want)
			}
		})
	}
}
