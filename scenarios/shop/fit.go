package shop

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"fsctl/scenarios"
	"fsctl/scenarios/script"
	"fsctl/scenarios/template"
)

// Missing is a request of a scenario that the shop does not answer, whatever the values of its variables are.
type Missing struct {
	Step   string // empty for the ledger's
	Method string
	URL    string // as the scenario writes it
}

// Fit says what the shop lacks for a scenario's storm.
type Fit struct {
	Missing  []Missing // of the storm's journeys and of the ledger, each step once
	Hopeless []string  // journeys none of whose requests the shop answers
}

// FitOf compares the requests of a scenario's storm with what the shop answers. A scenario without a storm lacks nothing.
func FitOf(sc *scenarios.Scenario) Fit {
	var f Fit
	if sc.Storm == nil {
		return f
	}
	seen := map[string]bool{}
	for _, stream := range sc.Storm.Streams() {
		name := stream.Journey
		j := sc.Journey(name)
		if j == nil || seen["journey "+name] {
			continue
		}
		seen["journey "+name] = true
		steps := script.StepsOf(j.Do)
		answered := len(steps) == 0
		for _, step := range steps {
			request := &sc.Step(step).Request
			if other := request.Host != "" && request.Host != scenarios.MainTarget; other || answers(request.Method, request.URL) { // another target is not the shop
				answered = true
				continue
			}
			if !seen["step "+step] {
				f.Missing = append(f.Missing, Missing{step, request.Method, request.URL})
			}
			seen["step "+step] = true
		}
		if !answered {
			f.Hopeless = append(f.Hopeless, name)
		}
	}
	if sc.Ledger.IsRead() && !answers(http.MethodGet, sc.Ledger.URL) {
		f.Missing = append(f.Missing, Missing{"", http.MethodGet, sc.Ledger.URL})
	}
	return f
}

// endpoints is what the shop answers, with * for one character or more. A test holds it to Shop.route.
func endpoints() [][2]string {
	return [][2]string{
		{http.MethodGet, "/items"}, {http.MethodGet, "/items/*"}, {http.MethodPost, "/orders"}, {http.MethodGet, "/orders/*"}, {http.MethodPost, "/orders/*/pay"},
		{http.MethodGet, "/ledger"}, {http.MethodGet, "/metrics"}, {http.MethodGet, "/healthz"},
	}
}

// answers reports whether the shop may answer a request: with some values of the variables in its URL it does.
func answers(method, address string) bool {
	t, err := template.Parse(address)
	if err != nil {
		return true // what is wrong with it is said elsewhere
	}
	var asked []rune
	for _, part := range t {
		if part.Value != nil {
			asked = append(asked, anyOne, anyMore)
			continue
		}
		path, query := part.Literal, strings.IndexAny(part.Literal, "?#")
		if query >= 0 {
			path = path[:query]
		}
		if plain, err := url.PathUnescape(path); err == nil {
			path = plain
		}
		asked = append(asked, []rune(path)...)
		if query >= 0 {
			break
		}
	}
	order, paid := strings.CutSuffix(string(asked), "/pay") // such a path is of no other endpoint
	paid = paid && overlap([]rune(order), []rune("/orders/"+string([]rune{anyOne, anyMore})))
	return slices.ContainsFunc(endpoints(), func(e [2]string) bool {
		pattern := []rune(strings.ReplaceAll(e[1], "*", string([]rune{anyOne, anyMore})))
		return allowed(e[0], method) && overlap(asked, pattern) && (!paid || strings.HasSuffix(e[1], "/pay"))
	})
}

// What stands for characters that are not known; neither is a character that a URL can have.
const (
	anyOne  = '\x01'
	anyMore = '\x02' // none, or any number of them
)

// overlap reports whether some text matches both patterns. It takes steps in the order of the product of their lengths.
func overlap(a, b []rune) bool {
	type pair struct{ i, j int }
	tried := map[pair]bool{}
	var from func(i, j int) bool
	from = func(i, j int) bool {
		switch {
		case tried[pair{i, j}]:
			return false
		case i == len(a) && j == len(b):
			return true
		}
		tried[pair{i, j}] = true
		if i < len(a) && a[i] == anyMore {
			return from(i+1, j) || j < len(b) && from(i, j+1)
		}
		if j < len(b) && b[j] == anyMore {
			return from(i, j+1) || i < len(a) && from(i+1, j)
		}
		return i < len(a) && j < len(b) && (a[i] == b[j] || a[i] == anyOne || b[j] == anyOne) && from(i+1, j+1)
	}
	return from(0, 0)
}
