package loadgen

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
)

// againShop signs users in and knows by their names what each must bring along.
type againShop struct {
	t      *testing.T
	mu     sync.Mutex
	rounds map[string]int // of each session
	signed map[string]int // sessions of each user of the feeder
}

func (s *againShop) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cookies := map[string]string{}
	for _, c := range r.Cookies() {
		cookies[c.Name] = c.Value
	}
	token, seen := r.Header.Get("Token"), r.URL.Query().Get("seen")
	user := r.URL.Query().Get("u")
	switch r.URL.Path {
	case "/signin":
		if len(cookies) > 0 || token != "none" || seen != "0" {
			s.t.Errorf("user %s comes with the cookies %v, token %q, seen %s of a user before", user, cookies, token, seen)
		}
		s.signed[user]++
		sid := fmt.Sprintf("%s-%d", user, s.signed[user])
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: sid, Path: "/"})
		fmt.Fprintf(w, `{"token":"t-%s"}`, sid)
	case "/visit":
		sid := cookies["sid"]
		n := s.rounds[sid]
		if sid == "" || token != "t-"+sid || seen != fmt.Sprint(n) || n > 0 && cookies["round"] != fmt.Sprint(n) {
			s.t.Errorf("round %d of user %s comes with the cookies %v, token %q, seen %s", n+1, user, cookies, token, seen)
		}
		s.rounds[sid]++
		http.SetCookie(w, &http.Cookie{Name: "round", Value: fmt.Sprint(n + 1), Path: "/"})
		fmt.Fprintf(w, `{"seen":%d}`, n+1)
	}
}

// TestUsersWhoComeAgain holds that a user who does another round, however long after, has the variables and the cookies of the rounds
// before, and that a user who comes after another one has none of those, though it takes its memory, its connection and, where a feeder
// gives rows again, its name.
func TestUsersWhoComeAgain(t *testing.T) {
	const text = `
steps:
  signin: {request: {url: "/signin?u=${user.id}&seen=${seen|0}", headers: {Token: "${token|'none'}"}}, extract: {token: "json:$.token"}}
  visit: {request: {url: "/visit?u=${user.id}&seen=${seen|0}", headers: {Token: "${token|'none'}"}}, extract: {seen: "json:$.seen"}}
storm: {t0: 0s, phases: [{journey: member, from: T0, to: T0+40s, rate: 1/s, spacing: even}], drain: 2h}
journeys: {member: [signin, {repeat: {times: 4, every: ROUND, do: [{group: visits, do: [visit]}, {retry: {times: 2, do: [visit]}}]}}]}
feeders: {user: {from: sequence, size: 4, recycle: true}}
`
	for _, c := range []struct{ engine, round string }{{EngineWire, "100ms"}, {EngineWire, "20m"}, {EngineVegeta, "100ms"}} {
		synctest.Test(t, func(t *testing.T) {
			shop := &againShop{t: t, rounds: map[string]int{}, signed: map[string]int{}}
			net := loadtest.NewPipes()
			defer net.Serve(shop.serve)()
			s := compile(t, strings.Replace(text, "ROUND", c.round, 1), func(o *Options) { o.Dial, o.Engine, o.Connections = net.Dial, c.engine, 1 })
			run := send(t.Context(), t, s, nil)
			if problem := run.Unbalanced(s.Arrivals()); problem != "" || run.End.Reason != record.Completed {
				t.Errorf("%s: %s %+v", c.engine, problem, run.End)
			}
			if len(shop.rounds) != 40 || len(shop.signed) != 4 || run.All("visit").Sent != 40*8 {
				t.Errorf("%s: %d sessions of %d users, %d visits, wanted 40 of 4, 320", c.engine, len(shop.rounds), len(shop.signed), run.All("visit").Sent)
			}
			for sid, n := range shop.rounds {
				if n != 8 {
					t.Errorf("%s: %d visits in the session %s, wanted 8", c.engine, n, sid)
				}
			}
		})
	}
}
