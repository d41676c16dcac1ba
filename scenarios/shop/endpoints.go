package shop

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	pageItems     = 100       // items that one GET /items shows
	maxTokenBytes = 256       // of a user's token, which each order keeps
	maxQuantity   = 1_000_000 // units in one order
)

// itemAnswer is one item as a visitor sees it.
type itemAnswer struct {
	SKU   string `json:"sku"`
	Stock int    `json:"stock"` // units when the shop opened
	Left  int    `json:"left"`  // units still on the shelf
}

// orderAnswer is an order as a buyer sees it.
type orderAnswer struct {
	OrderID string `json:"order_id"`
	State   string `json:"state"`
	SKU     string `json:"sku,omitempty"`
	User    string `json:"user,omitempty"`
}

func (s *Shop) see(i int) itemAnswer {
	return itemAnswer{SKU: s.items[i].sku, Stock: s.config.Stock, Left: s.items[i].onShelf()}
}

// browse answers GET /items with the first page of the items.
func (s *Shop) browse(*http.Request, []byte) reply {
	page := struct {
		Items []itemAnswer `json:"items"`
		Total int          `json:"total"`
	}{Total: len(s.items)}
	for i := range min(pageItems, len(s.items)) {
		page.Items = append(page.Items, s.see(i))
	}
	return reply{code: http.StatusOK, body: page}
}

// item answers GET /items/{sku}.
func (s *Shop) item(sku string) reply {
	i, found := s.bySKU[sku]
	if !found {
		return s.unknownSKU(sku)
	}
	return reply{code: http.StatusOK, body: s.see(int(i))}
}

func (s *Shop) unknownSKU(sku string) reply {
	return refuse(http.StatusNotFound, "unknown_sku", "found the sku %q, wanted one of the %d on sale, such as %q", sku, len(s.items), s.items[0].sku)
}

// order answers POST /orders.
func (s *Shop) order(r *http.Request, body []byte) reply {
	user, err := bearer(r.Header.Get("Authorization"))
	if err != nil {
		rep := refuse(http.StatusUnauthorized, "unauthorized", "header Authorization: %v", err)
		rep.header, rep.value = "WWW-Authenticate", "Bearer"
		return rep
	}
	var asked struct {
		SKU      string `json:"sku"`
		Quantity int64  `json:"quantity"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		return refuse(http.StatusBadRequest, "bad_json", "body %v", explain(err))
	}
	if asked.Quantity < 1 || asked.Quantity > maxQuantity {
		return refuse(http.StatusBadRequest, "bad_quantity", "body field quantity: found %d, wanted 1 to %d", asked.Quantity, maxQuantity)
	}
	item, found := s.bySKU[asked.SKU]
	if !found {
		return s.unknownSKU(asked.SKU)
	}
	number, err := s.place(orderRequest{user, r.Header.Get("Idempotency-Key"), item, uint32(asked.Quantity)})
	switch {
	case errors.Is(err, errKeyReuse):
		return refuse(http.StatusUnprocessableEntity, err.Error(), "header Idempotency-Key: found the key of an order with another body, wanted a new key")
	case err != nil:
		return reply{code: http.StatusConflict, body: refusal{Error: err.Error()}}
	}
	answer := orderAnswer{OrderID: orderID(number), State: s.stateOf(s.book.at(number))}
	if answer.State == "pending" {
		return reply{code: http.StatusAccepted, body: answer}
	}
	return reply{code: http.StatusOK, body: answer}
}

// bearer returns the token of an Authorization header. The token is the user's identity.
func bearer(header string) (user string, err error) {
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.TrimSpace(token)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || token == "":
		return "", fmt.Errorf("found the scheme %q, wanted Bearer with a token", scheme)
	case len(token) > maxTokenBytes:
		return "", fmt.Errorf("found a token of %d bytes, wanted at most %d", len(token), maxTokenBytes)
	}
	return token, nil
}

// explain says where a body is not the JSON that an order wants, and why.
func explain(err error) error {
	if at, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("at byte %d: %w", at.Offset, err)
	}
	if at, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field, wanted := at.Field, map[string]string{"sku": "a string", "quantity": "a whole number"}[at.Field]
		if field == "" {
			field, wanted = "(the whole)", `an object such as {"sku":"sku-1","quantity":1}`
		}
		return fmt.Errorf("at byte %d: field %s: found %s, wanted %s", at.Offset, field, at.Value, wanted)
	}
	return err
}

// status answers GET /orders/{id}.
func (s *Shop) status(id string) reply {
	_, o, found := s.find(id)
	if !found {
		return unknownOrder(id)
	}
	return reply{code: http.StatusOK, body: orderAnswer{OrderID: id, State: s.stateOf(o), SKU: s.items[o.item].sku, User: o.user}}
}

// pay answers POST /orders/{id}/pay. Paying twice is paying once.
func (s *Shop) pay(id string) reply {
	number, o, found := s.find(id)
	if !found {
		return unknownOrder(id)
	}
	if s.stateOf(o) == "pending" {
		return refuse(http.StatusConflict, "pending", "order %s: found the state pending, wanted confirmed; ask for it again in a moment", id)
	}
	s.book.pay(number)
	return reply{code: http.StatusOK, body: orderAnswer{OrderID: id, State: "paid"}}
}

func unknownOrder(id string) reply {
	return refuse(http.StatusNotFound, "unknown_order", "found the order id %q, wanted one that POST /orders has answered", id)
}

func orderID(number int64) string { return "order-" + strconv.FormatInt(number, 10) }

// find returns the order of an id, in the one form that orderID gives it.
func (s *Shop) find(id string) (number int64, o order, found bool) {
	number, err := strconv.ParseInt(strings.TrimPrefix(id, "order-"), 10, 64)
	if err != nil || orderID(number) != id {
		return 0, order{}, false
	}
	o, found = s.book.find(number)
	return number, o, found
}

// stateOf returns pending, confirmed or paid.
func (s *Shop) stateOf(o order) string {
	switch {
	case o.paid:
		return "paid"
	case time.Since(s.opened) < o.placed+s.config.ConfirmAfter:
		return "pending"
	}
	return "confirmed"
}
