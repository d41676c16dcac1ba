package journey

import (
	"strings"
	"testing"
	"time"

	"fsctl/loadgen/compose"
	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// cost is something that a user does, beside rendering the order of the built-in scenarios.
type cost struct {
	name string
	do   func(t testing.TB) func()
}

// costs are what the parts of a request cost. The first is today's order step, which the others are compared with.
func costs() []cost {
	render := func(request string) func(testing.TB) func() {
		return func(t testing.TB) func() {
			step := calling(t, request).Steps[0]
			r, m, u := &transport.Request{}, &compose.Scratch{}, holding(1, 0, "token-17")
			return func() {
				step.Render(r, u, m)
				u.Arrival++
			}
		}
	}
	const order = `method: POST, url: "/items/${sku}/orders", headers: {Authorization: "Bearer ${user.token}"}, json: {sku: "${sku}", user: "${user.id}"}`
	return []cost{
		{"order", render(order)},
		{"condition", func(t testing.TB) func() { return checking(t, "status in [200, 202] and not (v == 'closed')") }},
		{"condition on JSON", func(t testing.TB) func() { return checking(t, "status == 200 and json:$.stock > 0") }},
		{"form of three variables", render(`method: POST, url: /login, form: {user: "${user.id}", password: "${user.token}", csrf: "${v}"}`)},
		{"signed order", render(strings.Replace(order, `headers: {`, `headers: {X-Signature: "${hmac('sha256', env.KEY, body)}", `, 1))},
		{"order with a cookie", func(t testing.TB) func() { return withCookie(t, render(order)) }},
		{"cookie set again", func(t testing.TB) func() {
			var j cookies.Jar
			host, now := cookies.NewHost("http", "shop.example"), time.Unix(1e9, 0)
			field, path := []byte("sid=0123456789abcdef0123456789abcdef; Path=/; HttpOnly"), []byte("/")
			return func() { j.Set(field, &host, path, now) }
		}},
	}
}

// checking judges a condition on an answer as a step's check.
func checking(t testing.TB, when string) func() {
	c := compile(t, `
steps: {a: {request: {url: /}, extract: {v: "header:V"}, check: ["`+when+`"]}}
storm: {t0: 0s, phases: [{journey: j, at: T0, users: 1}]}
journeys: {j: [a]}
`)
	test, u, values := c.Steps[0].checks[0], userWith(new(User), "open"), new(ValueReader)
	a := &transport.Answer{Status: 200, Body: []byte(`{"stock":17,"state":"open"}`)}
	return func() {
		values.view.begin(c.Steps[0], values)
		if !test.holds(u, a, values) {
			t.Fatal(when, "does not hold")
		}
	}
}

// withCookie renders a request and adds the header of a jar with a cookie of 32 bytes, as an engine does.
func withCookie(t testing.TB, render func(testing.TB) func()) func() {
	var j cookies.Jar
	host, now, path := cookies.NewHost("http", "shop.example"), time.Unix(1e9, 0), []byte("/items/sku-1/orders")
	j.Set([]byte("sid=0123456789abcdef0123456789abcdef; Path=/; HttpOnly"), &host, path, now)
	header, do := []byte(nil), render(t)
	return func() {
		do()
		header = j.AppendHeader(header[:0], 0, &host, path, now)
	}
}

// BenchmarkCosts is what each part costs, and as a ratio to rendering the order step in the same run.
func BenchmarkCosts(b *testing.B) {
	order := 0.0
	for _, c := range costs() {
		b.Run(c.name, func(b *testing.B) {
			do := c.do(b)
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
			each := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			if c.name == "order" {
				order = each
			}
			if order > 0 {
				b.ReportMetric(each/order, "orders")
			}
		})
	}
}

func TestPartsAllocateNothing(t *testing.T) {
	for _, c := range costs() {
		do := c.do(t)
		for range 100 {
			do()
		}
		if n := testing.AllocsPerRun(1000, do); n != 0 {
			t.Errorf("%s: %v allocations, wanted none", c.name, n)
		}
	}
}
