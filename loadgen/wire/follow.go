package wire

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"fsctl/loadgen/transport"
)

// follow goes where redirects lead, as browsers do: 301, 302 and 303 turn into a GET without a body.
func (c *Conn) follow(ctx context.Context, r *transport.Request, a *transport.Answer) error {
	base, method, body := c.engine.base, r.Method, r.Body
	at, err := base.Parse(c.engine.path + string(r.URL))
	if err != nil {
		return err
	}
	for hops := 1; ; hops++ {
		switch a.Status {
		case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther:
			if method != http.MethodHead {
				method = http.MethodGet
			}
			body = nil
		case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		default:
			return nil
		}
		location := c.reply.value("Location")
		if len(location) == 0 {
			return nil
		}
		if hops > r.Redirects {
			return fmt.Errorf("%w: %d", transport.ErrRedirects, hops)
		}
		if at, err = at.Parse(string(location)); err != nil {
			return fmt.Errorf("%w: Location: %w", transport.ErrMalformed, err)
		}
		if !strings.EqualFold(at.Host, base.Host) || at.Scheme != base.Scheme {
			return fmt.Errorf("%w: %s://%s", transport.ErrForeign, at.Scheme, at.Host)
		}
		c.message.write(base.Host, method, "", []byte(at.RequestURI()), r.Header, body)
		if err := c.exchange(ctx, a); err != nil {
			return err
		}
	}
}
