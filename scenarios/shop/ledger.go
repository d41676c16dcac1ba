package shop

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
)

// entry is one order as the ledger shows it.
type entry struct {
	OrderID  string `json:"order_id"`
	User     string `json:"user"`
	SKU      string `json:"sku"`
	Quantity uint32 `json:"quantity"`
}

// serveLedger streams what the shop sold: {"stock":{sku:units at the start},"orders":[...]},
// an entry a line. It shows the orders that were in the book when it began; a client that
// goes away ends it.
func (s *Shop) serveLedger(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Server", "fsctl-shop") // so that a report does not take it for a real one
	if r.Method == http.MethodHead {
		return
	}
	out := bufio.NewWriterSize(w, 64<<10)
	if s.writeLedger(out) == nil {
		// What fails here fails on the connection, which is gone: no answer can report it.
		_ = out.Flush()
	}
}

func (s *Shop) writeLedger(out *bufio.Writer) error {
	last := s.book.length()
	if err := s.writeStock(out); err != nil {
		return err
	}
	if _, err := io.WriteString(out, `,"orders":[`); err != nil {
		return err
	}
	lines := json.NewEncoder(out)
	separator := "\n"
	buf := make([]order, 0, pageSize)
	for first := int64(1); first <= last; first += int64(len(buf)) {
		buf = s.book.copyPage(buf, first, last)
		for i, o := range buf {
			if o.lost {
				continue
			}
			if _, err := io.WriteString(out, separator); err != nil {
				return err
			}
			separator = ","
			if err := lines.Encode(entry{orderID(first + int64(i)), o.user, s.items[o.item].sku, o.quantity}); err != nil {
				return err
			}
		}
	}
	_, err := io.WriteString(out, "]}\n")
	return err
}

func (s *Shop) writeStock(out *bufio.Writer) error {
	separator := `{"stock":{`
	for i := range s.items {
		name, err := json.Marshal(s.items[i].sku)
		if err != nil {
			return err
		}
		out.WriteString(separator)
		out.Write(name)
		out.WriteByte(':')
		out.WriteString(strconv.Itoa(s.config.Stock))
		separator = ","
	}
	return out.WriteByte('}') // a bufio.Writer keeps its first error
}
