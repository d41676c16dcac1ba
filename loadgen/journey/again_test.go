package journey

import (
	"testing"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// TestRoundsKeepAndStartForgets holds what a user has in the rounds of a repeat, in a journey that it begins after another one, and what
// another user has who takes the same memory: nothing.
func TestRoundsKeepAndStartForgets(t *testing.T) {
	c := compile(t, `
steps:
  a: {request: {url: "/a/${token|'none'}"}, extract: {token: "header:Token", lost: {from: "header:Lost", optional: true}}}
  b: {request: {url: "/b/${token|'none'}"}}
storm: {t0: 9s, phases: [{journey: j, at: T0, users: 1, before: {journey: k, from: T0-2s, to: T0-1s}}]}
journeys: {k: [a], j: [{repeat: {times: 3, every: 1s, do: [{group: g, do: [b, {retry: {times: 1, do: [b]}}]}]}}]}
`)
	u, r, m, values := new(User), new(transport.Request), new(compose.Scratch), new(ValueReader)
	host := cookies.NewHost("http", "shop.example")
	next := func(s *Step, want, cookie string) {
		t.Helper()
		if s == nil {
			t.Fatal("the journey is over")
		}
		s.Render(r, u, m)
		if sent := string(r.Jar.AppendHeader(nil, 0, &host, []byte("/"), time.Unix(0, 0))); string(r.URL) != want || sent != cookie {
			t.Errorf("sends %s with the cookie %q, wanted %s with %q", r.URL, sent, want, cookie)
		}
	}
	for i, token := range []string{"first", "second-user", "3"} {
		next(u.Start(uint64(i), 0, c.Programs["k"]), "/a/none", "")
		if err := u.Cause(c.Steps[0].extracts[0].register); err != (compose.Cause{}) || u.Visit != 1 || u.draws != 0 {
			t.Errorf("user %d begins with the cause %v, visit %d, %d draws", i, err, u.Visit, u.draws)
		}
		r.Jar.Set([]byte("sid="+token), &host, []byte("/"), time.Unix(0, 0))
		c.Steps[0].Judge(u, &transport.Answer{Status: 200, Header: []transport.Field{{Name: "Token", Value: []byte(token)}}}, values)
		if u.Advance(0) != nil || !u.HasDoneAll() {
			t.Fatal("the first journey goes on")
		}
		s, groups := u.Continue(time.Second, 0, c.Programs["j"]), 0
		for range 6 {
			next(s, "/b/"+token, "sid="+token)
			s.Judge(u, &transport.Answer{Status: 200}, values)
			s = u.Advance(u.Due)
			for range u.Groups() {
				groups++
			}
		}
		if s != nil || groups != 3 || u.Due != 3*time.Second {
			t.Errorf("user %d ends at %v with %d groups, and goes on to %v", i, u.Due, groups, s)
		}
	}
}
