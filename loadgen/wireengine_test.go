package loadgen

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// What a target sees of a request is the same from both engines, but for the order of headers.
func TestEnginesSendTheSame(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Saw", fmt.Sprintf("%s %s %s %q %d %v", r.Method, r.Host, r.URL, body, r.ContentLength, r.Header))
		w.Header().Add("Set-Cookie", "session=1")
		fmt.Fprint(w, "answer")
	}))
	defer server.Close()
	for _, r := range []Request{
		{Method: "GET", URL: []byte("/x?y=1")},
		{Method: "HEAD", URL: []byte("/")},
		{Method: "POST", URL: []byte("/orders"), Body: []byte(`{"sku":"a"}`), Header: []Field{{"Content-Type", []byte("application/json")}, {"Authorization", []byte("Bearer t")}}},
		{Method: "POST", URL: []byte("/empty")},
		{Method: "DELETE", URL: []byte("/orders/1")},
		{Method: "PUT", URL: []byte("/x"), Body: []byte("hello"), Header: []Field{{"Host", []byte("shop.invalid")}, {"X-A", []byte("1")}, {"X-A", []byte("2")}, {"User-Agent", []byte("buyer")}}},
	} {
		r.Timeout, r.WantBody, r.WantHeader = patience, true, []string{"Set-Cookie", "X-Saw"}
		saw := map[string]string{}
		for name, engine := range engines {
			e, a := engine(must(url.Parse(server.URL+"/api/"))), new(Answer)
			e.Conn().Do(context.Background(), &r, a)
			if a.Err != nil || a.Status != 200 || r.Method != "HEAD" && (string(a.Body) != "answer" || a.BytesIn != 6) || string(a.header("Set-Cookie")) != "session=1" {
				t.Errorf("%s %s by %s: %+v", r.Method, r.URL, name, a)
			}
			if a.BytesOut != uint64(len(r.Body)) || a.Connect <= 0 || a.Waiting <= 0 {
				t.Errorf("%s %s by %s: %d bytes out, %v to connect, %v to the first byte", r.Method, r.URL, name, a.BytesOut, a.Connect, a.Waiting)
			}
			saw[name] = string(a.header("X-Saw"))
			e.Close()
		}
		if saw[EngineWire] != saw[EngineVegeta] {
			t.Errorf("the target saw\n%s from wire and\n%s from net/http", saw[EngineWire], saw[EngineVegeta])
		}
	}
}

// A redirect that turns into a GET loses its body and what describes it.
func TestWireRedirectToGet(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "new?z=1", http.StatusSeeOther)
			return
		}
		fmt.Fprintf(w, "%s %s %d %q", r.Method, r.URL, r.ContentLength, r.Header.Get("Content-Type"))
	}))
	defer server.Close()
	a := askBy(engines[EngineWire](must(url.Parse(server.URL))), patience, func(r *Request) {
		r.Method, r.URL, r.Body = "POST", []byte("/old"), []byte("{}")
		r.Header = []Field{{"Content-Type", []byte("application/json")}}
	})
	if want := `GET /new?z=1 0 ""`; string(a.Body) != want {
		t.Errorf("the target saw %s, wanted %s; %v", a.Body, want, a.Err)
	}
}
