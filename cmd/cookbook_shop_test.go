package cmd_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// cookbookShop is a shop that demands what the recipes of docs/cookbook.md are about, and answers 400, 401, 403 or 404 without it.
type cookbookShop struct {
	mu     sync.Mutex
	number int               // of the last secret, picture or order
	users  map[string]string // by session, token or card
	forms  map[string]string // the visitor that a CSRF token was given to
	files  map[string][]byte // pictures by their numbers
	visits map[string]int    // by card
	busy   map[string]bool   // orders that were turned away once, by their key
	placed map[string]bool   // orders, by their key
}

// startCookbookShop starts the shop, and its API on another host, and returns where they are.
func startCookbookShop(t *testing.T) (shop, api string) {
	t.Helper()
	s := &cookbookShop{users: map[string]string{}, forms: map[string]string{}, files: map[string][]byte{}, visits: map[string]int{}, busy: map[string]bool{}, placed: map[string]bool{}}
	other := http.NewServeMux()
	other.HandleFunc("GET /search", s.locked(s.search))
	var servers [2]*httptest.Server
	for i, handler := range []http.Handler{s.handler(), other} {
		servers[i] = httptest.NewServer(handler)
		t.Cleanup(servers[i].Close)
	}
	return servers[0].URL, servers[1].URL
}

func (s *cookbookShop) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]http.HandlerFunc{
		"POST /login": s.login, "GET /account": s.account, "GET /newsletter": s.form, "POST /newsletter": s.subscribe,
		"POST /pictures": s.upload, "GET /pictures/{id}": s.picture, "GET /items": s.page, "GET /items/{sku}": s.item,
		"POST /graphql": s.graphql, "GET /api/stock": s.signed(200), "POST /api/orders": s.signed(201), "POST /api/token": s.token,
		"POST /orders": s.order, "POST /visits": s.visit, "GET /visits": s.visitAgain,
		"POST /busy/orders": s.busyOrder, "POST /busy/orders/{id}/pay": s.pay,
	} {
		mux.HandleFunc(pattern, s.locked(handle))
	}
	return mux
}

func (s *cookbookShop) locked(handle http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		handle(w, r)
	}
}

func (s *cookbookShop) next(what string) string {
	s.number++
	return what + "-" + strconv.Itoa(s.number)
}

// cookie returns the value of a cookie, empty for none.
func cookie(r *http.Request, name string) string {
	c, err := r.Cookie(name)
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *cookbookShop) login(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	if name == "" || r.PostFormValue("password") != "lamp" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	session := s.next("session")
	s.users[session] = name
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: session, Path: "/", HttpOnly: true})
}

func (s *cookbookShop) account(w http.ResponseWriter, r *http.Request) {
	name := s.users[cookie(r, "sid")]
	if name == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	fmt.Fprintf(w, "<h1>Welcome, %s</h1>", name)
}

func (s *cookbookShop) form(w http.ResponseWriter, _ *http.Request) {
	visitor, token := s.next("visitor"), s.next("csrf")
	s.forms[token] = visitor
	http.SetCookie(w, &http.Cookie{Name: "visitor", Value: visitor, Path: "/"})
	fmt.Fprintf(w, `<form method="post"><input type="hidden" name="csrf" value="%s"><input name="email"></form>`, token)
}

func (s *cookbookShop) subscribe(w http.ResponseWriter, r *http.Request) {
	token := r.PostFormValue("csrf")
	visitor, known := s.forms[token]
	switch {
	case !known || cookie(r, "visitor") != visitor:
		w.WriteHeader(http.StatusForbidden)
	case !strings.Contains(r.PostFormValue("email"), "@"):
		w.WriteHeader(http.StatusBadRequest)
	}
	delete(s.forms, token) // it is good for one form
}

func (s *cookbookShop) upload(w http.ResponseWriter, r *http.Request) {
	file, header, err := r.FormFile("picture")
	if err != nil || header.Header.Get("Content-Type") != "image/png" || r.PostFormValue("title") == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	defer file.Close()
	data, err := io.ReadAll(file)
	if err != nil || len(data) == 0 {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	id := s.next("picture")
	s.files[id] = data
	answerJSON(w, http.StatusCreated, `{"id": %q}`, id)
}

func (s *cookbookShop) picture(w http.ResponseWriter, r *http.Request) {
	data, known := s.files[r.PathValue("id")]
	if !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Write(data)
}

// page has three pages of items. A cursor is the one that the page before gave.
func (s *cookbookShop) page(w http.ResponseWriter, r *http.Request) {
	following, known := map[string]string{"": `"c2"`, "c2": `"c3"`, "c3": "null"}[r.FormValue("cursor")]
	if !known {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	answerJSON(w, http.StatusOK, `{"items": ["a", "b"], "next": %s}`, following)
}

func (s *cookbookShop) item(w http.ResponseWriter, r *http.Request) {
	sku := r.PathValue("sku")
	switch {
	case strings.HasPrefix(r.UserAgent(), "python-requests"):
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case sku != "sku-1" && sku != "lamp-7" && sku != "bag-7":
		w.WriteHeader(http.StatusNotFound)
	default:
		answerJSON(w, http.StatusOK, `{"sku": %q}`, sku)
	}
}

func (s *cookbookShop) graphql(w http.ResponseWriter, r *http.Request) {
	var asked struct {
		Query     string
		Variables struct{ Q string }
	}
	if json.NewDecoder(r.Body).Decode(&asked) != nil || r.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if asked.Variables.Q == "" || !strings.Contains(asked.Query, "search(") {
		answerJSON(w, http.StatusOK, `{"errors": [{"message": "search wants q"}]}`)
		return
	}
	answerJSON(w, http.StatusOK, `{"data": {"search": [{"id": %q}]}}`, asked.Variables.Q+"-7")
}

// signed answers with a status if the request is signed with the key shelf, within the last minute.
func (s *cookbookShop) signed(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		seconds, notNumber := strconv.ParseInt(r.Header.Get("X-Time"), 10, 64)
		mac := hmac.New(sha256.New, []byte("shelf"))
		fmt.Fprintf(mac, "%d%s%s%s", seconds, r.Method, r.URL.Path, body)
		if err != nil || notNumber != nil || time.Since(time.Unix(seconds, 0)) > time.Minute || r.Header.Get("X-Signature") != hex.EncodeToString(mac.Sum(nil)) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answerJSON(w, status, `{"sku": "sku-1"}`)
	}
}

func (s *cookbookShop) token(w http.ResponseWriter, r *http.Request) {
	var asked struct{ Name string }
	if json.NewDecoder(r.Body).Decode(&asked) != nil || asked.Name == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	token := s.next("token")
	s.users[token] = asked.Name
	answerJSON(w, http.StatusOK, `{"token": %q}`, token)
}

// bearer reports whether a request has a token that the shop gave, and answers it if not.
func (s *cookbookShop) bearer(w http.ResponseWriter, r *http.Request) bool {
	token, isBearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !isBearer || s.users[token] == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return false
	}
	return true
}

func (s *cookbookShop) order(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case !s.bearer(w, r):
	case key == "" || s.placed[key]:
		w.WriteHeader(http.StatusBadRequest)
	default:
		s.placed[key] = true
		answerJSON(w, http.StatusCreated, `{"order_id": %q}`, s.next("order"))
	}
}

func (s *cookbookShop) search(w http.ResponseWriter, r *http.Request) {
	if s.bearer(w, r) {
		answerJSON(w, http.StatusOK, `{"found": [%q]}`, r.FormValue("q"))
	}
}

func (s *cookbookShop) visit(w http.ResponseWriter, r *http.Request) {
	name := r.PostFormValue("name")
	if name == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	card := s.next("card")
	s.users[card], s.visits[card] = name, 1
	http.SetCookie(w, &http.Cookie{Name: "visitor", Value: name, Path: "/"})
	answerJSON(w, http.StatusOK, `{"card": %q}`, card)
}

func (s *cookbookShop) visitAgain(w http.ResponseWriter, r *http.Request) {
	card := r.FormValue("card")
	if name := s.users[card]; name == "" || cookie(r, "visitor") != name {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	s.visits[card]++
	answerJSON(w, http.StatusOK, `{"visits": %d}`, s.visits[card])
}

// busyOrder turns each order away once.
func (s *cookbookShop) busyOrder(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	switch {
	case key == "":
		w.WriteHeader(http.StatusBadRequest)
	case !s.busy[key]:
		s.busy[key] = true
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		s.placed[key] = true
		answerJSON(w, http.StatusCreated, `{"order_id": %q}`, key)
	}
}

func (s *cookbookShop) pay(w http.ResponseWriter, r *http.Request) {
	if !s.placed[r.PathValue("id")] {
		w.WriteHeader(http.StatusNotFound)
	}
}

func answerJSON(w http.ResponseWriter, status int, format string, args ...any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, format, args...)
}
