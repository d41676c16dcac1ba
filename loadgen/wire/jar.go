package wire

import (
	"time"

	"fsctl/loadgen/cookies"
	"fsctl/loadgen/transport"
)

// named is a host by a Host header, as cookies see it.
type named struct {
	header string
	site   cookies.Host
}

// siteOf returns the host that a request is for, as cookies see it. What the same Host header says is found out once.
func (c *Conn) siteOf(header []transport.Field) *cookies.Host {
	site := &c.engine.site
	for i := range header {
		if header[i].Name != "Host" {
			continue
		}
		if value := trimmed(header[i].Value); len(value) > 0 {
			if string(value) != c.named.header {
				c.named.header = string(value)
				c.named.site = transport.CookieHost(c.engine.base.Scheme, c.named.header)
			}
			site = &c.named.site
		}
	}
	return site
}

// keepCookies puts what an answer sets into a jar, if its head came whole.
func (c *Conn) keepCookies(jar *cookies.Jar, a *transport.Answer) {
	if a.Status == 0 {
		return
	}
	for _, f := range c.reply.fields {
		if name := c.reply.head[f.from:f.colon]; isFold(name, "set-cookie") {
			jar.Set(c.reply.head[f.value:f.to], c.message.site, c.message.path(), time.Now())
		}
	}
}
