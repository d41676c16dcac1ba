package journey

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/transport"
)

// calling compiles a step a that sends the request, after a step that sets v.
func calling(t testing.TB, request string) *Compiled {
	t.Helper()
	sc := parse(t, `
steps:
  a: {share: 100%, request: {`+request+`}}
  first: {share: 0%, request: {url: /}, extract: {v: "header:V"}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [first, a]}
feeders: {user: {from: sequence, size: 10, fields: {token: "t${n}"}}}
`)
	sc, err := sc.WithEnvironment(func(name string) (string, bool) { return strings.Replace("of "+name, "of KEY", "of KEY\n", 1), true })
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compile(sc, 1)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// holding returns a user of whom v is a value.
func holding(arrival uint64, visit uint32, v string) *User {
	return userWith(&User{User: compose.User{Arrival: arrival, Visit: visit}}, v)
}

// valueOf returns what stands in a header as the value.
func valueOf(t testing.TB, value string, u *User) string {
	t.Helper()
	c := calling(t, `method: POST, url: "/a b?q=${v}", body: "x=${v}", headers: {X: '`+strings.ReplaceAll(value, "'", "''")+`'}`)
	r := &transport.Request{}
	c.Steps[0].Render(r, u, &compose.Scratch{})
	return string(r.Header[0].Value)
}

func TestFunctions(t *testing.T) {
	sum := sha256.Sum256([]byte("x=1 2"))
	mac := hmac.New(sha512.New, []byte("of KEY\n"))
	mac.Write([]byte("POST/a%20b?q=1%202x=1 2"))
	for value, want := range map[string]string{
		"${sha256(body)}": hex.EncodeToString(sum[:]), "${concat(method, ' ', path, '?', query)}": "POST /a%20b?q=1%202", "${base64(v)}": "MSAy", "${urlencode('ä&b')}": "%C3%A4%26b",
		"${hmac('sha512', env.KEY, concat(method, path, '?', query, body), 'base64')}": base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		"${concat(base64(concat(v, urlencode(v))), '-', base64(base64(v)))}":           "MSAyMSUyMDI=-TVNBeQ==",
		"${random.int(7, 7)}": "7", "${random.pick('a')}": "a", "${concat(17, user.id, arrival)}": "1743", "${v|'none'}": "1 2", "${nothing|'none'}": "none", "${nothing|sha256(body)}": hex.EncodeToString(sum[:]),
		"${random.int(-9223372036854775808, -9223372036854775808)}": "-9223372036854775808",
	} {
		got := valueOf(t, value, holding(3, 0, "1 2"))
		if want = strings.ReplaceAll(want, "1743", "17"+valueOf(t, "${user.id}", holding(3, 0, "x"))+"3"); got != want {
			t.Errorf("%s is %q, wanted %q", value, got, want)
		}
	}
	if got := valueOf(t, "${v|'none'}", holding(3, 0, "")); got != "none" {
		t.Errorf("the default is %q", got)
	}
	if got := valueOf(t, "${v|concat('n-', arrival)}!", holding(3, 0, "")); got != "n-3!" {
		t.Errorf("the default is %q", got)
	}
	for value, want := range map[string]string{
		"${uuid}": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", "${random.text(12)}": "^[0-9A-Za-z]{12}$", "${random.int(-3, 3)}": "^-?[0-3]$",
		"${now.iso}": `^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$`, "${random.int(-9223372036854775808, 9223372036854775807)}": `^-?\d{10,19}$`,
	} {
		for arrival := range uint64(50) {
			if got := valueOf(t, value, holding(arrival, 0, "x")); !regexp.MustCompile(want).MatchString(got) {
				t.Errorf("%s is %q", value, got)
			}
		}
	}
	now := time.Now()
	seconds, _ := strconv.ParseInt(valueOf(t, "${now.unix}", holding(0, 0, "x")), 10, 64)
	millis, _ := strconv.ParseInt(valueOf(t, "${now.millis}", holding(0, 0, "x")), 10, 64)
	if seconds < now.Unix() || millis/1000 < now.Unix() || millis < 1e12 {
		t.Errorf("now is %d s, %d ms", seconds, millis)
	}
}

// TestTheInstantIsOne holds that all values of a request are of one instant.
func TestTheInstantIsOne(t *testing.T) {
	c := calling(t, `method: POST, url: /, body: "${now.millis}", headers: {A: "${now.millis}", B: "${sha256(now.millis)}"}`)
	r, m := &transport.Request{}, &compose.Scratch{}
	for range 200 {
		c.Steps[0].Render(r, holding(1, 0, "x"), m)
		sum := sha256.Sum256(r.Body)
		if string(r.Header[0].Value) != string(r.Body) || string(r.Header[1].Value) != hex.EncodeToString(sum[:]) {
			t.Fatalf("body %s, headers %s", r.Body, r.Header)
		}
	}
}

// TestDrawsAreFunctionsOfArrivalAndVisit holds that random values differ by arrival, visit, seed and place, and by nothing else.
func TestDrawsAreFunctionsOfArrivalAndVisit(t *testing.T) {
	const value = "${uuid} ${uuid} ${random.text(9)} ${random.int(1, 1000000000)}"
	of := func(arrival uint64, visit uint32) string { return valueOf(t, value, holding(arrival, visit, "x")) }
	seen := map[string]bool{}
	for arrival := range uint64(20) {
		for visit := range uint32(3) {
			got := of(arrival, visit)
			words := strings.Fields(got)
			if seen[got] || got != of(arrival, visit) || words[0] == words[1] {
				t.Fatalf("arrival %d, visit %d has %s", arrival, visit, got)
			}
			seen[got] = true
		}
	}
}

// TestVisitsAreCounted holds that a user who performs a step again has other values.
func TestVisitsAreCounted(t *testing.T) {
	c := compile(t, `
steps: {a: {share: 100%, request: {url: "/${uuid}"}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a, {repeat: {times: 2, do: [a]}}]}
`)
	u, r, m := new(User), &transport.Request{}, &compose.Scratch{}
	var first, second []string
	for _, urls := range []*[]string{&first, &second} {
		for s := u.Start(5, 0, c.Programs["j"]); s != nil; s = u.Advance(0) {
			s.Render(r, u, m)
			*urls = append(*urls, string(r.URL))
		}
	}
	if !slices.Equal(first, second) || len(first) != 3 || first[0] == first[1] || first[1] == first[2] || first[0] == first[2] {
		t.Errorf("the URLs are %q, of the same arrival again %q", first, second)
	}
}

// TestRandomIntIsUniform compares draws with their law by Pearson's chi-square test, at 0.1 %. The seed is fixed.
func TestRandomIntIsUniform(t *testing.T) {
	c := calling(t, `url: "/${random.int(1, 6)}${random.pick('a', 'b', 'c', 'd', 'e', 'f')}"`)
	var counts [2][6]float64
	r, m := &transport.Request{}, &compose.Scratch{}
	const draws = 60_000
	for arrival := range uint64(draws) {
		c.Steps[0].Render(r, holding(arrival, 0, "x"), m)
		counts[0][r.URL[1]-'1']++
		counts[1][r.URL[2]-'a']++
	}
	for i := range counts {
		sum := 0.0
		for _, n := range counts[i] {
			sum += math.Pow(n-draws/6, 2) / (draws / 6)
		}
		if sum > 20.5 { // chi-square, 5 degrees of freedom
			t.Errorf("counts are %v", counts[i])
		}
	}
}

// signed is a request with every kind of value.
const signed = `method: POST, url: "/o/${urlencode(v)}?r=${random.int(1, 100)}", json: {sku: "${sku}", n: "${random.int(1,2):number}", v: "${v|'none'}", d: "${missing|1:number}"},
  headers: {Authorization: "Bearer ${v}", Idempotency-Key: "${uuid}", X-Signature: "${hmac('sha256', env.KEY, concat(method, path, query, body))}", X-Time: "${now.unix}",
  X-More: "${random.pick('shoe', v, concat(v, now.iso))} ${base64(hmac('sha1', v, 'x', 'base64'))} ${random.text(20)}${now.millis}${sha256(v)}${hmac('sha512', 'k', body)}"}`

func TestFunctionsAllocateNothing(t *testing.T) {
	c := calling(t, signed)
	r, m, u := &transport.Request{}, &compose.Scratch{}, holding(1, 0, "token-17")
	render := func() {
		c.Steps[0].Render(r, u, m)
		u.Arrival++
	}
	for range 100 { // past the lengths of all that may be picked
		render()
	}
	if n := testing.AllocsPerRun(1000, render); n != 0 {
		t.Errorf("%v allocations a request, wanted none", n)
	}
}

// TestSecretsOfFunctions holds that what is made of a secret is one.
func TestSecretsOfFunctions(t *testing.T) {
	c := calling(t, `method: POST, url: "/x?sig=${hmac('sha256', 'k', sku)}&plain=${sha256(sku)}&e=${nothing|env.A}&t=${v|base64(env.C)}", body: "{}",
  headers: {X-A: "${base64(env.KEY)}", X-B: "${concat(arrival, 'x')}", Authorization: "Bearer ${concat('made-', arrival)}", X-C: "${sha256(user.token)}"}`)
	r, m, u := &transport.Request{}, &compose.Scratch{}, holding(7, 0, "")
	c.Steps[0].Render(r, u, m)
	secrets := c.Steps[0].Secrets(nil, u, &ValueReader{}, m)
	sig := strings.Split(strings.SplitN(string(r.URL), "sig=", 2)[1], "&")[0]
	for _, want := range []string{sig, "b2YgS0VZCg==", "made-7", "of A", "b2YgQw=="} {
		if !slices.Contains(secrets, want) {
			t.Errorf("%q is none of the secrets %q", want, secrets)
		}
	}
	if slices.Contains(secrets, "7x") {
		t.Errorf("7x is a secret")
	}
	shown := string(c.Steps[0].AppendShownURL(nil, u, m))
	if want := "/x?sig=(redacted)&plain=" + strings.Split(strings.SplitN(string(r.URL), "plain=", 2)[1], "&")[0] + "&e=(redacted)&t=(redacted)"; shown != want {
		t.Errorf("the URL is shown as %s, wanted %s", shown, want)
	}
	if list := c.NamedSecrets(nil, u, m); !slices.Contains(list, sig) {
		t.Errorf("%q is none of the secrets %q", sig, list)
	}
}

// typed are a step that sets values and one that needs them as a number and as JSON.
const typed = `
steps:
  first: {share: 50%, request: {url: /}, extract: {v: "header:V"}}
  a: {share: 50%, request: {method: POST, url: /, json: {FIELDS}}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [first, a]}
`

func TestFormsOfValues(t *testing.T) {
	for _, c := range []struct{ fields, value, body, left string }{
		{`q: "${v:number}"`, "17", `{"q":17}`, ""},
		{`q: "${v:number}"`, "-1.5e3", `{"q":-1.5e3}`, ""},
		{`q: "${v:number}"`, "12345678901234567890", `{"q":12345678901234567890}`, ""},
		{`q: "${v:number}"`, "abc", "", "v:number"},
		{`q: "${v:number}"`, "007", "", "v:number"},
		{`q: "${v:number}"`, `1,"admin":true`, "", "v:number"},
		{`q: "${v:number}"`, "", "", "v"},
		{`q: "${v|3:number}"`, "", `{"q":3}`, ""},
		{`q: "${v|3:number}"`, "x", "", "v:number"},
		{`q: "${v|3:number}"`, "4", `{"q":4}`, ""},
		{`q: ["${v:json}", "${v}"]`, `{"a":[1]}`, `{"q":[{"a":[1]},"{\"a\":[1]}"]}`, ""},
		{`q: "${v:json}"`, `{"a"`, "", "v:json"},
		{`q: "${v:json}"`, `1} `, "", "v:json"},
		{`q: "${arrival:number}"`, "x", `{"q":0}`, ""},
		{`q: "${v|'none'}"`, "", `{"q":"none"}`, ""},
	} {
		compiled := compile(t, strings.Replace(typed, "FIELDS", c.fields, 1))
		u, r := new(User), &transport.Request{}
		s := u.Start(0, 0, compiled.Programs["j"])
		a := &transport.Answer{Status: 200}
		if c.value != "" {
			a.Header = []transport.Field{{Name: "V", Value: []byte(c.value)}}
		}
		s.Judge(u, a, new(ValueReader))
		if s = u.Advance(0); s == nil {
			if e := u.Ending(); e.Variable != c.left || e.Step != "a" || c.left == "" || !u.HasLeft() {
				t.Errorf("%s of %q: the user left, and the ending is %+v", c.fields, c.value, e)
			}
			continue
		}
		if s.Render(r, u, &compose.Scratch{}); string(r.Body) != c.body || c.left != "" {
			t.Errorf("%s of %q: the body is %s", c.fields, c.value, r.Body)
		}
	}
}

func TestKnownValuesMustHaveTheirForm(t *testing.T) {
	for _, c := range []struct{ csv, request, want string }{
		{"n\n1\n2.5\n", `json: {n: "${user.n:number}"}`, ""},
		{"n\n1\nx\n", `json: {n: "${user.n:number}"}`, `row 2 of its file: found the value "x" for ${user.n:number}`},
		{"n\n1\n\"\"\n", `json: {n: "${user.n|2:number}"}`, ""},
		{"n\n1\n", `json: {n: "${sku:number}"}`, `found the value "sku-1" for ${sku:number}, wanted a number`},
		{"n\n1\n", `json: {n: "${nothing|user.n:number}"}`, ""},
		{"n\nx\n", `json: {n: "${nothing|user.n:json}"}`, `found the value "x"`},
		{"n\nx\n", `headers: {Content-Type: application/json}, body: '{"n": "${user.n:number}"}'`, `found the value "x"`},
		{"n\n1\n", `headers: {Content-Type: application/json}, body: '{"n": "${user.n:number}"}'`, ""},
	} {
		_, err := csvRequest(t, c.csv, c.request)
		input, isInput := errors.AsType[*transport.InputError](err)
		if (err == nil) != (c.want == "") || err != nil && (!isInput || input.Hint == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q with %s: found %v, wanted %q", c.csv, c.request, err, c.want)
		}
	}
	sc := parse(t, strings.Replace(typed, "FIELDS", `q: "${env.QTY:number}"`, 1))
	sc = must(sc.WithEnvironment(func(string) (string, bool) { return "hunter2", true }))
	if _, err := Compile(sc, 1); err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "${env.QTY:number}") {
		t.Errorf("found %v", err)
	}
}

func BenchmarkRenderValues(b *testing.B) {
	for _, c := range []struct{ name, request string }{
		{"order", `method: POST, url: "/items/${sku}/orders", headers: {Authorization: "Bearer ${user.token}"}, json: {sku: "${sku}", user: "${user.id}"}`},
		{"form", `method: POST, url: /login, headers: {Content-Type: application/x-www-form-urlencoded}, body: "user=${user.id}&password=${user.token}&csrf=${v}"`},
		{"signed", `method: POST, url: "/items/${sku}/orders", headers: {Authorization: "Bearer ${user.token}", X-Signature: "${hmac('sha256', env.KEY, body)}"}, json: {sku: "${sku}", user: "${user.id}"}`},
		{"random", `method: POST, url: "/items/${sku}/orders", headers: {Idempotency-Key: "${uuid}", X-Time: "${now.unix}"}, json: {sku: "${sku}", quantity: "${random.int(1,2):number}"}`},
		{"typed", `method: POST, url: "/items/${sku}/orders", json: {sku: "${sku}", quantity: "${v|1:number}"}`},
	} {
		b.Run(c.name, func(b *testing.B) {
			step := calling(b, c.request).Steps[0]
			r, m, u := &transport.Request{}, &compose.Scratch{}, holding(1, 0, "12")
			b.ReportAllocs()
			for b.Loop() {
				step.Render(r, u, m)
				u.Arrival++
			}
		})
	}
}
