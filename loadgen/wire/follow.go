package wire

import (
	"context"

	"fsctl/loadgen/transport"
)

// follow goes where redirects lead, as transport.Redirects says.
func (c *Conn) follow(ctx context.Context, r *transport.Request, a *transport.Answer) error {
	redirects := transport.NewRedirects(c.engine.base, r)
	for transport.IsRedirect(a.Status) {
		var cookies []string
		for name, value := range c.reply.all() {
			if isFold(name, "set-cookie") {
				cookies = append(cookies, string(value))
			}
		}
		on, err := redirects.Next(a.Status, string(c.reply.value("Location")), cookies)
		a.Passed = redirects.Cookies
		if err != nil || !on {
			return err
		}
		a.Followed++
		c.message.jar = nil // its cookies are in the header
		c.message.write(c.engine, redirects.Method, "", []byte(redirects.Target), redirects.Header, redirects.Body, redirects.Rest)
		err = c.exchange(ctx, a)
		if r.Jar != nil && (err != nil || !transport.IsRedirect(a.Status)) {
			c.keepCookies(r.Jar, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
