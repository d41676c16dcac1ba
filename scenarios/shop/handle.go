package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxBodyBytes bounds a request body.
const maxBodyBytes = 64 << 10

// reply is an answer before it is written.
type reply struct {
	code          int
	body          any
	header, value string // one more header, where header is not empty
}

// refusal is the body of every answer that is not a success.
type refusal struct {
	Error   string `json:"error"`
	Message string `json:"message,omitempty"`
}

func refuse(code int, word, format string, args ...any) reply {
	return reply{code: code, body: refusal{Error: word, Message: fmt.Sprintf(format, args...)}}
}

// route is what a path leads to.
type route struct {
	step   string // name of the step, as in a scenario
	method string
	answer func(*http.Request, []byte) reply // also gets the request's body
}

// ServeHTTP answers one request. /ledger, /metrics and /healthz are answered at once; all
// others wait for a worker and hold it for the service time. A reset by a fault that cannot
// take over the connection, as with HTTP/2, ends in the panic http.ErrAbortHandler.
func (s *Shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/ledger":
		watch(w, r, s.serveLedger)
	case "/metrics":
		watch(w, r, s.metrics.ServeHTTP)
	case "/healthz":
		watch(w, r, func(w http.ResponseWriter, _ *http.Request) {
			write(w, reply{code: http.StatusOK, body: map[string]string{"status": "ok"}})
		})
	default:
		s.attend(w, r)
	}
}

// watch answers a request about the shop rather than to it.
func watch(w http.ResponseWriter, r *http.Request, answer http.HandlerFunc) {
	if !allowed(http.MethodGet, r.Method) {
		write(w, wrongMethod(http.MethodGet, r))
		return
	}
	answer(w, r)
}

// attend reads a request, has it served and writes the answer. Only the serving holds a
// worker, so a client that is slow to send or to read costs the shop nothing.
func (s *Shop) attend(w http.ResponseWriter, r *http.Request) {
	to := s.route(r.URL.Path)
	body, err := readBody(w, r)
	if err != nil {
		rep := badBody(err)
		s.count(to.step, strconv.Itoa(rep.code))
		write(w, rep)
		return
	}
	rep, fate := s.serve(r, to, body)
	switch fate {
	case gone:
		s.count(to.step, "gone")
		write(w, rep)
	case broken:
		s.count(to.step, "reset")
		reset(w)
	default:
		s.count(to.step, strconv.Itoa(rep.code))
		write(w, rep)
	}
}

// fate is how the serving of a request ended.
type fate int

const (
	served fate = iota
	gone        // the client left the queue
	broken      // a fault resets the connection
)

// serve waits for a worker, holds it for the service time and does the work. Once begun, a
// service runs to its end: the shop has done the work even when the client is no longer
// there to hear of it, which is how an order comes to be placed behind a buyer's back.
func (s *Shop) serve(r *http.Request, to route, body []byte) (reply, fate) {
	holds := s.config.ServiceTime
	if s.draws.slow.hit() {
		holds += s.config.Faults.SlowBy
	}
	fails, breaks := s.draws.fail.hit(), s.draws.reset.hit()

	start, err := s.line.enter(r.Context())
	if err != nil {
		return refuse(http.StatusServiceUnavailable, "gone", "gave up the place in the queue: %v", err), gone
	}
	end := start.Add(holds)
	defer s.line.leave(start, end)
	if holds > 0 {
		time.Sleep(time.Until(end))
	}
	switch {
	case breaks:
		return reply{}, broken
	case fails:
		return refuse(http.StatusInternalServerError, "internal", "a fault that the shop was started with"), served
	case !allowed(to.method, r.Method):
		return wrongMethod(to.method, r), served
	}
	return to.answer(r, body), served
}

// route finds what a path leads to. A path that leads nowhere has the step other.
func (s *Shop) route(path string) route {
	if path == "/items" {
		return route{"browse", http.MethodGet, s.browse}
	}
	if path == "/orders" {
		return route{"order", http.MethodPost, s.order}
	}
	if sku, ok := strings.CutPrefix(path, "/items/"); ok && sku != "" {
		return route{"item", http.MethodGet, func(*http.Request, []byte) reply { return s.item(sku) }}
	}
	id, ok := strings.CutPrefix(path, "/orders/")
	if id, pays := strings.CutSuffix(id, "/pay"); ok && pays && id != "" {
		return route{"pay", http.MethodPost, func(*http.Request, []byte) reply { return s.pay(id) }}
	}
	if ok && id != "" {
		return route{"status", http.MethodGet, func(*http.Request, []byte) reply { return s.status(id) }}
	}
	return route{"other", "", func(*http.Request, []byte) reply {
		return refuse(http.StatusNotFound, "not_found", "found the path %q, wanted /items, /items/SKU, /orders, /orders/ID, /orders/ID/pay, /ledger, /metrics or /healthz", path)
	}}
}

// allowed reports whether a path that wants one method takes another; the empty one takes all.
func allowed(wanted, found string) bool {
	return wanted == "" || found == wanted || wanted == http.MethodGet && found == http.MethodHead
}

func wrongMethod(wanted string, r *http.Request) reply {
	rep := refuse(http.StatusMethodNotAllowed, "method", "found the method %s on %s, wanted %s", r.Method, r.URL.Path, wanted)
	rep.header, rep.value = "Allow", wanted
	if wanted == http.MethodGet {
		rep.value = "GET, HEAD"
	}
	return rep
}

func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
}

func badBody(err error) reply {
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
		return refuse(http.StatusRequestEntityTooLarge, "too_large", "found a body of more than %d bytes, wanted at most that", maxBodyBytes)
	}
	return refuse(http.StatusBadRequest, "bad_body", "read body: %v", err)
}

// write sends an answer. What fails here fails on the connection, which is gone: no answer can report it.
func write(w http.ResponseWriter, rep reply) {
	data, err := json.Marshal(rep.body)
	if err != nil {
		rep.code, data = http.StatusInternalServerError, []byte(`{"error":"internal"}`)
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(data)))
	if rep.header != "" {
		h.Set(rep.header, rep.value)
	}
	w.WriteHeader(rep.code)
	_, _ = w.Write(data)
}
