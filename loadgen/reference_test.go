package loadgen

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"fsctl/loadgen/loadtest"
	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
)

// referenceShop is the target of the scenario with every part. It refuses every third order once, sells nothing to every fifth user, and
// lets every fourth who looks at an item wait.
type referenceShop struct {
	t         *testing.T
	mu        sync.Mutex
	asked     map[string]int
	tokens    map[string]string // by token, the user's session
	keys      map[string]int    // tries of an order by its idempotency key
	placed    int
	throttled int
}

func (s *referenceShop) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	place := r.Method + " " + r.URL.Path
	s.mu.Lock()
	s.asked[place]++
	n := s.asked[place]
	s.mu.Unlock()
	want := func(is bool, what string) {
		if !is || err != nil {
			s.t.Errorf("%s: wrong %s: %v of %q, %v", place, what, r.Header, body, err)
		}
	}
	want((place == "POST /graphql") == (r.Host == "api.shop.example"), "host "+r.Host)
	want(r.Header.Get("Accept") == "application/json", "default header")
	session, _ := r.Cookie("sid")
	switch place {
	case "GET /login":
		want(session == nil, "cookie of another user")
		http.SetCookie(w, &http.Cookie{Name: "sid", Value: fmt.Sprint("s", n), Path: "/"})
		fmt.Fprintf(w, `<form><input name="csrf" value="c&%d"></form>`, n)
	case "POST /login":
		want(session != nil && r.FormValue("csrf") == "c&"+strings.TrimPrefix(session.Value, "s"), "CSRF token")
		want(strings.HasPrefix(r.FormValue("user"), "user-") && r.FormValue("password") == "p&ss=word", "form")
		s.mu.Lock()
		s.tokens[fmt.Sprint("t", n)] = session.Value
		s.mu.Unlock()
		fmt.Fprintf(w, `{"token":"t%d"}`, n)
	case "GET /items":
		want(r.URL.RawQuery == "page=1", "query")
	case "GET /items/sku-1":
		if n%4 == 0 {
			select {
			case <-time.After(4 * time.Second):
			case <-r.Context().Done():
			}
		}
	case "POST /graphql":
		var q struct {
			Query     string
			Variables struct{ Q string }
		}
		want(json.Unmarshal(body, &q) == nil && strings.HasPrefix(q.Query, "query($q:String!)") && (q.Variables.Q == "shoe" || q.Variables.Q == "bag"), "query")
		fmt.Fprint(w, `{"data":{"search":[]}}`)
	case "POST /cart":
		text := string(body)
		want(session != nil && (text == `{"sku":"sku-1","quantity":1}` || text == `{"sku":"sku-1","quantity":2}`), "cart")
		fmt.Fprintf(w, `{"stock":%d}`, n%5)
	case "POST /orders":
		s.order(w, r, body, want)
	case "POST /avatar":
		file, head, err := r.FormFile("file")
		want(err == nil && r.FormValue("title") == "hello" && head.Filename == "avatar.png" && head.Header.Get("Content-Type") == "image/png", "multipart form")
		if err == nil {
			data, _ := io.ReadAll(file)
			want(strings.HasPrefix(string(data), "\x89PNG"), "file")
		}
	case "PUT /blob":
		want(string(body) == "blob\x00\x01\xff" && r.Header.Get("Content-Type") == "application/octet-stream", "file")
	default:
		want(false, "path")
	}
}

func (s *referenceShop) order(w http.ResponseWriter, r *http.Request, body []byte, want func(bool, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	mac := hmac.New(sha256.New, []byte("of the shop"))
	mac.Write(body)
	want(r.Header.Get("X-Signature") == hex.EncodeToString(mac.Sum(nil)), "signature")
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	session, _ := r.Cookie("sid")
	want(session != nil && s.tokens[token] == session.Value, "token of another session")
	want(r.Header.Get("X-Time") == fmt.Sprint(time.Now().Unix()), "time")
	key := r.Header.Get("Idempotency-Key")
	s.keys[key]++
	if len(s.keys)%3 == 0 && s.keys[key] == 1 {
		s.throttled++
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	s.placed++
	fmt.Fprintf(w, `{"order_id":"o-%d","risk":%d}`, s.placed, s.placed%2)
}

// TestReferenceOfJourneys sends the scenario that has every part of requests, users, values and flow.
func TestReferenceOfJourneys(t *testing.T) {
	const file = "../scenarios/testdata/journeys/shop-checkout.yaml"
	text := string(must(os.ReadFile(file)))
	text = strings.Replace(text, "\njourneys:\n", "\n    - {journey: files, at: T0, users: 1k}\n\njourneys:\n  files: [upload, raw]\n", 1)
	sc := must(scenarios.Parse(file, []byte(text)))
	sc = must(sc.WithEnvironment(func(name string) (string, bool) {
		return map[string]string{"SHOP_PASSWORD": "p&ss=word", "SIGN_KEY": "of the shop"}[name], true
	}))
	for _, engine := range []string{EngineWire, EngineVegeta} {
		synctest.Test(t, func(t *testing.T) {
			shop := &referenceShop{t: t, asked: map[string]int{}, tokens: map[string]string{}, keys: map[string]int{}}
			net := loadtest.NewPipes()
			defer net.Serve(shop.serve)()
			s := must(New(Options{Scenario: sc.Scaled(0.01), Target: loadtest.Target(), Others: map[string]*url.URL{"api": must(url.Parse("http://api.shop.example"))}, Allow: []string{"api.shop.example"},
				Seed: 1, Engine: engine, Dial: net.Dial}))
			run := send(t.Context(), t, s, nil)
			if problem := run.Unbalanced(s.Arrivals()); problem != "" || run.End.Reason != record.Completed {
				t.Errorf("%s: %s %+v", engine, problem, run.End)
			}
			for step, place := range map[string]string{"csrf": "GET /login", "login": "POST /login", "list": "GET /items", "item": "GET /items/sku-1", "search": "POST /graphql", "cart": "POST /cart", "order": "POST /orders", "upload": "POST /avatar", "raw": "PUT /blob"} {
				c := run.All(step)
				if c.Sent == 0 || c.Sent != c.Done || c.Sent != uint64(shop.asked[place]) || step != "item" && c.Failed > 0 && step != "order" {
					t.Errorf("%s: %s: %d sent, %d done, %d failed, %d came", engine, step, c.Sent, c.Done, c.Failed, shop.asked[place])
				}
			}
			order, item := run.All("order"), run.All("item")
			if shop.throttled == 0 || order.Statuses["429"] != uint64(shop.throttled) || len(shop.keys) != shop.placed || order.Counted["risk_checks"] != float64((shop.placed+1)/2) {
				t.Errorf("%s: %d throttled, %d placed of %d keys, counters %+v", engine, shop.throttled, shop.placed, len(shop.keys), order)
			}
			if n := uint64(shop.asked["GET /items/sku-1"] / 4); n == 0 || item.Errors[transport.ClassAbandoned] != n {
				t.Errorf("%s: %d gave up, wanted %d", engine, item.Errors[transport.ClassAbandoned], n)
			}
			finished, ended := run.Values(record.GroupDuration, "checkout", "finished"), run.Values(record.GroupDuration, "checkout", "ended")
			if soldOut := uint64(shop.asked["POST /cart"] / 5); finished != uint64(shop.placed) || ended != soldOut {
				t.Errorf("%s: the group finished for %d users and ended for %d, wanted %d and %d", engine, finished, ended, shop.placed, soldOut)
			}
			buyer := journeyOf(run, "buyer")
			if buyer.Users != 200 || buyer.Ready != 200 || buyer.NotReady != 0 || buyer.Finished != 200 {
				t.Errorf("%s: buyers are %+v, wanted 200 who signed in before", engine, buyer)
			}
		})
	}
}
