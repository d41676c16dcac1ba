package cmd_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"fsctl/loadgen/try"
)

// lampShop is the shop that docs/your-shop.md describes. It sells so many lamps.
func lampShop(t *testing.T, stock int) string {
	t.Helper()
	var lock sync.Mutex
	sold := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/login", func(w http.ResponseWriter, r *http.Request) {
		var who struct{ Username, Password string }
		if json.NewDecoder(r.Body).Decode(&who) != nil || who.Username == "" || who.Password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: "of-" + who.Username, Path: "/", HttpOnly: true})
		fmt.Fprintf(w, `{"token": "token-of-%s"}`, who.Username)
	})
	mux.HandleFunc("GET /api/items", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"items": [{"id": "p1"}, {"id": "p2"}]}`) })
	mux.HandleFunc("GET /items/p1", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<h1>Lamp 1</h1>") })
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		switch _, err := r.Cookie("sid"); {
		case err != nil:
			w.WriteHeader(http.StatusUnauthorized)
		case r.PostFormValue("item") != "p1":
			w.WriteHeader(http.StatusBadRequest)
		case sold == stock:
			w.WriteHeader(http.StatusConflict)
		default:
			sold++
			w.WriteHeader(http.StatusCreated)
			fmt.Fprintf(w, `{"order": {"id": %d}}`, sold)
		}
	})
	mux.HandleFunc("POST /orders/{id}/pay", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer token-of-") {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// The scenario of docs/your-shop.md does at such a shop what the page says, and one that keeps no cookies is told to.
func TestYourShop(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindStringSubmatch(readPage(t, "docs/your-shop.md"))
	if block == nil {
		t.Fatal("docs/your-shop.md shows no scenario")
	}
	t.Chdir(t.TempDir())
	ownConfig(t)
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("lamps.yaml", block[1])
	bare := block[1] + "\ndefaults: {cookies: off}\n"
	write("bare.yaml", bare)
	inProcess(t, 0, "scenarios", "validate", "lamps.yaml", "bare.yaml")
	if r := tried(t, 0, "lamps.yaml", "--target", lampShop(t, 1), "--journey", "buyer"); r.Ended.How != try.Finished || len(r.Steps) != 5 {
		t.Errorf("found %+v, wanted all five steps", r.Ended)
	}
	if r := tried(t, 0, "lamps.yaml", "--target", lampShop(t, 0), "--journey", "buyer"); r.Ended.Outcome != "sold_out" {
		t.Errorf("found %+v, wanted the outcome sold_out", r.Ended)
	}
	r := tried(t, 1, "bare.yaml", "--target", lampShop(t, 1), "--journey", "buyer")
	if f := r.Failure; f == nil || f.Step != "order" || !strings.HasSuffix(f.Hint, `say cookies: on, or add extract: {session: "cookie:sid"} in step login, and headers: {Cookie: "sid=${session}"} in step order`) {
		t.Errorf("without the cookie: %+v", f)
	}
	soon := []string{"--set", "storm.t0=500ms", "--set", "storm.phases.0.from=T0", "--set", "storm.phases.0.to=T0+1s", "--set", "storm.lateness.limit=1m",
		"--set", "storm.phases.1.reaction=0s", "--set", `thresholds={"http_req_failed": ["rate<1%"]}`}
	page := inProcess(t, 0, append([]string{"attack", "lamps.yaml", "--target", lampShop(t, 50), "--junit", "verdict.xml"}, soon...)...)
	for _, want := range []string{"PASS  held 1 threshold and 2 invariants", "placed 50", "sold_out 50"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report has no %q:\n%s", want, page)
		}
	}
}
