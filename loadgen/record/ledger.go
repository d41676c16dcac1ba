package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
)

// ledgerLine is a line of ledger.jsonl. Type says which fields it has.
type ledgerLine struct {
	Type string `json:"type"`
	*Order
	Stock map[string]int `json:"stock,omitempty"`
	Error string         `json:"error,omitempty"`
}

// Types of ledger lines.
const (
	toldLine  = "told"  // an Order
	soldLine  = "sold"  // an Order
	stockLine = "stock" // Stock; after it the shop's ledger is whole
	errorLine = "error" // Error
)

// Told records an order that a buyer was told to have. The line is kept in memory until the next Write, so
// that a buyer's goroutine does not wait for the disk. It fails where the record is broken, see Err, or
// closed.
func (w *Writer) Told(order Order) error {
	return w.ledgerLine(ledgerLine{Type: toldLine, Order: &order})
}

// Sold records an order that the shop says it sold. It fails where the record is broken, see Err, or
// closed.
func (w *Writer) Sold(order Order) error {
	return w.ledgerLine(ledgerLine{Type: soldLine, Order: &order})
}

// Stock records what the shop says it had of each SKU, and that its ledger has been read whole: it is to be
// called after the last Sold, with nil from a shop that does not report its stock. It fails where the
// record is broken, see Err, or closed. Stock counts pieces, from 0.
func (w *Writer) Stock(stock map[string]int) error {
	return w.ledgerLine(ledgerLine{Type: stockLine, Stock: stock})
}

// LedgerError records why the shop's ledger could not be read whole. It fails where the record is broken,
// see Err, or closed.
func (w *Writer) LedgerError(message string) error {
	return w.ledgerLine(ledgerLine{Type: errorLine, Error: message})
}

func (w *Writer) ledgerLine(line ledgerLine) error {
	if err := w.Err(); err != nil {
		return err
	}
	text, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("record a ledger line of type %s: %w", line.Type, err)
	}
	return w.broke(w.ledger.add(append(text, '\n')))
}

// lineFile collects lines from many goroutines and writes them when it is flushed.
type lineFile struct {
	mu      sync.Mutex
	pending []byte
	file    *appendFile
	closed  bool
}

// mostPending bounds what waits in memory for the next flush.
const mostPending = 4 << 20

func (l *lineFile) add(line []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("write %s: %w", l.file.path, os.ErrClosed)
	}
	l.pending = append(l.pending, line...)
	if len(l.pending) < mostPending {
		return nil
	}
	return l.flushLocked()
}

func (l *lineFile) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.flushLocked()
}

func (l *lineFile) flushLocked() error {
	if err := l.file.append(l.pending); err != nil {
		return err // the lines stay, for Close to try again
	}
	l.pending = l.pending[:0]
	return nil
}

func (l *lineFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.file == nil {
		return nil
	}
	l.closed = true
	return errors.Join(l.flushLocked(), l.file.close())
}

// read adds a line of ledger.jsonl to the ledger.
func (l *Ledger) read(text []byte) error {
	var line ledgerLine
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	switch {
	case line.Type == toldLine && line.Order != nil:
		l.Told = append(l.Told, *line.Order)
	case line.Type == soldLine && line.Order != nil:
		l.Sold = append(l.Sold, *line.Order)
	case line.Type == stockLine:
		l.addStock(line.Stock)
		l.Read = l.Error == ""
	case line.Type == errorLine:
		l.addError(line.Error)
	default:
		return fmt.Errorf("found type %q, wanted told or sold with an order, stock or error", line.Type)
	}
	return nil
}

func (l *Ledger) addStock(stock map[string]int) {
	if len(stock) > 0 && l.Stock == nil {
		l.Stock = map[string]int{}
	}
	for sku, quantity := range stock {
		l.Stock[sku] += quantity
	}
}

// addError keeps messages sorted and once each, so that adding ledgers does not depend on their order.
func (l *Ledger) addError(message string) {
	messages := append(strings.Split(l.Error, "\n"), strings.Split(message, "\n")...)
	slices.Sort(messages)
	messages = slices.DeleteFunc(slices.Compact(messages), func(m string) bool { return m == "" })
	l.Error = strings.Join(messages, "\n")
	l.Read = l.Read && l.Error == ""
}

// Add adds another ledger: the entries of both, the stock of both. The sum was read whole if one of them
// was and neither failed: only one of a run's agents reads the shop's ledger.
func (l *Ledger) Add(other Ledger) {
	l.Told = sumOrders(l.Told, other.Told)
	l.Sold = sumOrders(l.Sold, other.Sold)
	l.addStock(maps.Clone(other.Stock))
	l.Read = l.Read || other.Read
	l.addError(other.Error)
}

// sumOrders puts the entries of both in one order, whichever way round they come.
func sumOrders(a, b []Order) []Order {
	sum := slices.Concat(a, b)
	slices.SortStableFunc(sum, compareOrders)
	return sum
}

func compareOrders(a, b Order) int {
	if order := a.At.Compare(b.At); order != 0 {
		return order
	}
	if order := strings.Compare(a.ID, b.ID); order != 0 {
		return order
	}
	if order := strings.Compare(a.User, b.User); order != 0 {
		return order
	}
	if order := strings.Compare(a.SKU, b.SKU); order != 0 {
		return order
	}
	return a.Quantity - b.Quantity
}
