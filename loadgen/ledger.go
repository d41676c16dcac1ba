package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"fsctl/loadgen/ledger"
	"fsctl/loadgen/preflight"
	"fsctl/loadgen/record"
	"fsctl/loadgen/redact"
	"fsctl/loadgen/transport"
	"fsctl/scenarios"
	"fsctl/scenarios/quantity"
)

// ledgerPatience is how long a shop may take to list what it sold.
const ledgerPatience = 60 * time.Second

// practiceShop is what the built-in shop calls itself in its ledger's Server field.
const practiceShop = "fsctl-shop"

// ReadBaseline asks the shop before T0 what it has sold, so that a judgement can tell its old orders from those of this run.
// It returns nil where the scenario wants none; else the baseline is to be closed. It fails with a *preflight.NotStartedError where the
// ledger cannot be read, and when ctx ends.
func (s *Storm) ReadBaseline(ctx context.Context) (*record.Baseline, error) {
	return s.ReadBaselineFor(ctx, func(yield func(uint64)) {
		for walk := s.schedule.Walk(); ; {
			a, ok := walk.Next()
			if !ok {
				return
			}
			yield(a.Index)
		}
	})
}

// ReadBaselineFor is ReadBaseline for a storm that is made of others: users yields the numbers of its arrivals. It fails as
// ReadBaseline does.
func (s *Storm) ReadBaselineFor(ctx context.Context, users func(yield func(arrival uint64))) (*record.Baseline, error) {
	if !s.Scenario.Ledger.HasBaseline() {
		return nil, nil
	}
	b, err := s.readBaseline(ctx, users)
	if _, said := errors.AsType[*preflight.NotStartedError](err); err == nil || said {
		return b, err
	}
	return nil, preflight.NotStarted(fmt.Errorf("before T0: %w", err),
		"see that the target serves it in this form; where it has no such list, judge by what buyers are told: ledger: answers (--set ledger=answers); where it has one only after the sale, ledger.baseline: "+
			scenarios.NoBaseline+" (--set ledger.baseline="+scenarios.NoBaseline+")")
}

func (s *Storm) readBaseline(ctx context.Context, users func(yield func(arrival uint64))) (b *record.Baseline, err error) {
	if b, err = record.NewBaseline(); err != nil {
		return nil, preflight.NotStarted(err, "make room in the directory for temporary files, or name another one in TMPDIR")
	}
	defer func() {
		if err != nil {
			b.Close()
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, ledgerPatience)
	defer cancel()
	seen := ledger.NewNames()
	shop, err := s.readLedger(ctx, func(o record.Order) error {
		seen.Add(o.User)
		return b.Sold(o)
	})
	if err != nil {
		return nil, err
	}
	if b.Orders > 0 {
		buf := []byte(nil)
		users(func(arrival uint64) {
			for name := range s.journeys.Names(arrival, &buf) {
				seen.Mark(name)
			}
		})
	}
	return b, b.End(shop.stock, seen.Marked())
}

// ReadLedger asks the shop what it sold, once the storm is over, also after an
// interruption. Why it could not be read is part of the record: the verdict needs it.
func (s *Storm) ReadLedger(ctx context.Context, w *record.Writer) {
	if !s.Scenario.Ledger.IsRead() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerPatience)
	defer cancel()
	shop, err := s.readLedger(ctx, w.Sold)
	if err == nil && shop.practice {
		err = w.Update(func(m *record.Manifest) { m.PracticeShop = true })
	}
	if err == nil {
		err = w.Stock(shop.stock)
	}
	if err != nil {
		_ = w.LedgerError(err.Error()) // the writer keeps its first error
	}
}

// shopLedger is what a ledger has besides its orders.
type shopLedger struct {
	stock    map[string]int
	practice bool // it is the built-in shop's
}

// readLedger hands every order of the shop's ledger over, as it is read, and returns the rest.
func (s *Storm) readLedger(ctx context.Context, sold func(record.Order) error) (_ shopLedger, err error) {
	var none shopLedger
	defer func() { err = redact.Error(err, s.secrets...) }()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if err != nil {
		return none, fmt.Errorf("read ledger: %w", err)
	}
	request.URL = transport.URLOf(s.Target, transport.PathOf(s.Target)+s.journeys.Ledger)
	if credentials := transport.BasicAuth(s.Target); credentials != "" {
		request.Header.Set("Authorization", credentials)
	}
	address := strings.TrimSuffix(transport.WithoutUser(s.Target).String(), "/") + s.Scenario.Ledger.URL // with the names of the environment's values
	engine := s.netHTTP(s.Target)
	defer engine.Close()
	response, err := engine.RoundTrip(request)
	if err != nil {
		return none, fmt.Errorf("read ledger %s: found no answer, wanted status 200: %w", address, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return none, fmt.Errorf("read ledger %s: found status %s, wanted 200", address, response.Status)
	}
	stock, err := ledger.Read(response.Body, sold)
	switch {
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded): // err may be that of the connection, which is closed then
		return none, fmt.Errorf("read ledger %s: found it unfinished after %s, wanted all of it: %w", address, quantity.Exact(ledgerPatience), err)
	case err != nil:
		return none, fmt.Errorf("read ledger %s: %w; wanted %s", address, err, ledger.Form)
	}
	return shopLedger{stock, response.Header.Get("Server") == practiceShop}, nil
}
