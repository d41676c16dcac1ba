package record

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"slices"
	"strings"
	"sync"

	"fsctl/loadgen/record/lines"
	"fsctl/loadgen/record/orders"
	"fsctl/loadgen/record/seal"
)

// ledgerLine is a line of ledger.jsonl. Type says which fields it has.
type ledgerLine struct {
	Type string `json:"type"`
	*Order
	Stock map[string]int `json:"stock,omitempty"`
	Error string         `json:"error,omitempty"`
	Users int            `json:"users,omitempty"`
}

// Types of ledger lines.
const (
	toldLine  = "told"  // an Order
	soldLine  = "sold"  // an Order
	stockLine = "stock" // Stock; after it the shop's ledger is whole
	errorLine = "error" // Error

	stockPartLine = "stock-part" // Stock, of which there is more than a line holds

	baselineLine     = "baseline"      // an Order of before T0
	baselinePartLine = "baseline-part" // Stock, of which there is more than a line holds
	baselineEndLine  = "baseline-end"  // Stock and Users; after it the baseline is whole
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
	for line := range inParts(ledgerLine{Type: stockLine, Stock: stock}, stockPartLine) {
		if err := w.ledgerLine(line); err != nil {
			return err
		}
	}
	return nil
}

// mostStockBytes is how long the names of SKUs may be that one line holds.
const mostStockBytes = 1 << 20

// inParts returns a line, after as many of type part as its stock takes.
func inParts(line ledgerLine, part string) iter.Seq[ledgerLine] {
	return func(yield func(ledgerLine) bool) {
		some, length := map[string]int{}, 0
		for sku, quantity := range line.Stock {
			if length += len(sku) + 10; length > mostStockBytes && len(some) > 0 {
				if !yield(ledgerLine{Type: part, Stock: some}) {
					return
				}
				some, length = map[string]int{}, len(sku)+10
			}
			some[sku] = quantity
		}
		line.Stock = some
		yield(line)
	}
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
	text, err := line.text()
	if err != nil {
		return fmt.Errorf("record a ledger line of type %s: %w", line.Type, err)
	}
	return w.broke(w.ledger.add(append(text, '\n'), line.Type))
}

func (l ledgerLine) text() ([]byte, error) {
	if l.Order != nil {
		if text, plain := orders.AppendLine(make([]byte, 0, 128), l.Type, l.Order); plain {
			return text, nil
		}
	}
	return json.Marshal(l)
}

// lineFile collects lines from many goroutines and writes them when it is flushed.
type lineFile struct {
	mu      sync.Mutex
	pending []byte
	file    *lines.File
	counts  map[string]uint64 // lines added, by type
	closed  bool
}

// mostPending bounds what waits in memory for the next flush.
const mostPending = 4 << 20

func (l *lineFile) add(line []byte, kind string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("write %s: %w", l.file.Path(), os.ErrClosed)
	}
	l.pending = append(l.pending, line...)
	if l.counts == nil {
		l.counts = map[string]uint64{}
	}
	l.counts[kind]++
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
	if err := l.file.Append(l.pending); err != nil {
		return err // the lines stay, for Close to try again
	}
	l.pending = l.pending[:0]
	return nil
}

// count returns how many lines of a type were added.
func (l *lineFile) count(kind string) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[kind]
}

// state returns what is in the file.
func (l *lineFile) state() seal.File {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.State()
}

func (l *lineFile) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.file == nil {
		return nil
	}
	l.closed = true
	return errors.Join(l.flushLocked(), l.file.Close())
}

// ledgerReader adds the lines of ledger.jsonl to a ledger. Parts of a stock count once its last line is there.
type ledgerReader struct {
	*Ledger
	stock, baseline map[string]int
}

func (l *ledgerReader) read(text []byte) error {
	if row, ok := orders.ParseLine(text, soldLine); ok {
		l.Sold.AddRow(row)
		return nil
	}
	if row, ok := orders.ParseLine(text, baselineLine); ok {
		l.Baseline.AddRow(row)
		return nil
	}
	var line ledgerLine
	if err := json.Unmarshal(text, &line); err != nil {
		return err
	}
	switch {
	case line.Type == toldLine && line.Order != nil:
		l.Told = append(l.Told, *line.Order)
	case line.Type == soldLine && line.Order != nil:
		l.Sold.Add(*line.Order)
	case line.Type == stockPartLine:
		l.stock = addPieces(l.stock, line.Stock)
	case line.Type == stockLine:
		l.addStock(addPieces(l.stock, line.Stock))
		l.stock, l.Read = nil, l.Error == ""
	case line.Type == errorLine:
		l.addError(line.Error)
	case line.Type == baselineLine && line.Order != nil:
		l.Baseline.Add(*line.Order)
	case line.Type == baselinePartLine:
		l.baseline = addPieces(l.baseline, line.Stock)
	case line.Type == baselineEndLine && line.Users >= 0:
		l.addBaseline(Ledger{BaselineStock: addPieces(l.baseline, line.Stock), BaselineRead: true, BaselineUsers: line.Users})
		l.baseline = nil
	default:
		return fmt.Errorf("found type %q, wanted told, sold or baseline with an order, stock, baseline-end or error", line.Type)
	}
	return nil
}

func (l *Ledger) addStock(stock map[string]int) { l.Stock = addPieces(l.Stock, stock) }

// addBaseline adds what another ledger says of before T0.
func (l *Ledger) addBaseline(other Ledger) {
	l.BaselineStock = addPieces(l.BaselineStock, other.BaselineStock)
	l.BaselineRead = l.BaselineRead || other.BaselineRead
	l.BaselineUsers += min(other.BaselineUsers, math.MaxInt-l.BaselineUsers)
}

// addPieces adds counts of pieces, from 0, by SKU. Sums stop at the largest number: a wrapped one would look like any other.
func addPieces(sum, more map[string]int) map[string]int {
	if len(more) > 0 && sum == nil {
		sum = map[string]int{}
	}
	for sku, quantity := range more {
		sum[sku] += min(max(quantity, 0), math.MaxInt-sum[sku])
	}
	return sum
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
	l.Sold = sumLists(&l.Sold, &other.Sold)
	l.addStock(other.Stock)
	l.Baseline = sumLists(&l.Baseline, &other.Baseline)
	l.addBaseline(other)
	l.Read = l.Read || other.Read
	l.addError(other.Error)
}

// sumLists returns a list of its own with the entries of both.
func sumLists(a, b *orders.List) (sum orders.List) {
	sum.AddAll(a)
	sum.AddAll(b)
	return sum
}

// sumOrders puts the entries of both in one order, whichever way round they come.
func sumOrders(a, b []Order) []Order {
	sum := slices.Concat(a, b)
	slices.SortStableFunc(sum, compareOrders)
	return sum
}

func compareOrders(a, b Order) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID), cmp.Compare(a.User, b.User), cmp.Compare(a.SKU, b.SKU),
		cmp.Compare(a.Quantity, b.Quantity), cmp.Compare(a.Step, b.Step))
}
