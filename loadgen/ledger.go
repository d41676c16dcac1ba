package loadgen

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"fsctl/loadgen/record"
	"fsctl/loadgen/transport"
)

// ledgerPatience is how long a shop may take to list what it sold.
const ledgerPatience = 60 * time.Second

// ReadLedger asks the shop what it sold, once the storm is over, also after an
// interruption. Why it could not be read is part of the record: the verdict needs it.
func (s *Storm) ReadLedger(ctx context.Context, w *record.Writer) {
	if s.Scenario.Ledger == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerPatience)
	defer cancel()
	if err := s.copyLedger(ctx, w); err != nil {
		_ = w.LedgerError(err.Error()) // the writer keeps its first error
	}
}

// copyLedger reads {"stock": {SKU: PIECES}, "orders": [{"order_id", "user", "sku", "quantity"}]}
// as a stream: it may hold millions of orders.
func (s *Storm) copyLedger(ctx context.Context, w *record.Writer) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(s.Target.String(), "/")+s.Scenario.Ledger.URL, nil)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	address := request.URL.Redacted()
	engine := transport.NewNetHTTP(s.Target, 1, s.TLS, s.Route.Dialer(s.Dial))
	defer engine.Close()
	response, err := engine.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("read ledger %s: found status %s, wanted 200", address, response.Status)
	}
	decoder := json.NewDecoder(bufio.NewReaderSize(response.Body, 1<<16))
	if err := s.decodeLedger(decoder, w); err != nil {
		return fmt.Errorf("read ledger %s: at byte %d: %w; wanted {\"stock\": {SKU: PIECES}, \"orders\": [{\"order_id\", \"user\", \"sku\", \"quantity\"}]}", address, decoder.InputOffset(), err)
	}
	return nil
}

func (s *Storm) decodeLedger(d *json.Decoder, w *record.Writer) error {
	var stock map[string]int
	var orders bool
	if err := expect(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		switch key {
		case "stock":
			err = d.Decode(&stock)
		case "orders":
			orders, err = true, copyOrders(d, w)
		default:
			err = d.Decode(new(json.RawMessage))
		}
		if err != nil {
			return err
		}
	}
	if err := expect(d, '}'); err != nil {
		return err
	}
	if !orders {
		return fmt.Errorf("found no orders")
	}
	return w.Stock(stock)
}

func copyOrders(d *json.Decoder, w *record.Writer) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	for d.More() {
		var o record.Order
		if err := d.Decode(&o); err != nil {
			return err
		}
		if o.ID == "" {
			return fmt.Errorf("found an order without order_id") // another shape, which would prove nothing
		}
		if err := w.Sold(o); err != nil {
			return err
		}
	}
	return expect(d, ']')
}

func expect(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if err == nil && token != want {
		err = fmt.Errorf("found %v, wanted %v", token, want)
	}
	return err
}
