package connection_test

import (
	"context"
	"errors"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/connection"
)

// outbox keeps what was mailed.
type outbox struct {
	mails []connection.Mail
	fail  error
}

func (o *outbox) Send(_ context.Context, m connection.Mail) error {
	if o.fail != nil {
		return o.fail
	}
	o.mails = append(o.mails, m)
	return nil
}

// inviting makes w's manager one that sends mail.
func (w *world) inviting(change ...func(*connection.Config)) *outbox {
	o := &outbox{}
	w.m = w.manager(append([]func(*connection.Config){func(cfg *connection.Config) {
		cfg.InvitationURL, cfg.Mailer = "https://product.example/salesforce/invitation", o
	}}, change...)...)
	return o
}

var invite = connection.InviteRequest{Email: "sf-admin@acme.example", TenantName: "Acme", InviterName: "Ada"}

func (w *world) invite(actor orglink.Actor, req connection.InviteRequest) connection.Invited {
	w.t.Helper()
	out, err := w.m.Invite(w.t.Context(), actor, req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.say(out, out.Invitation)
	return out
}

func tokenOf(t *testing.T, link orglink.Secret) orglink.Secret {
	t.Helper()
	u, err := url.Parse(link.Reveal())
	if err != nil || u.Query().Get("token") == "" {
		t.Fatalf("no token in the link: %v", err)
	}
	return orglink.NewSecret(u.Query().Get("token"))
}

// accept goes through Salesforce as the invited person.
func (w *world) accept(token orglink.Secret) (connection.Confirmation, error) {
	w.t.Helper()
	session := orglink.NewSecret("browser")
	auth, err := w.m.StartInvitation(w.t.Context(), token, session)
	if err != nil {
		w.say(err)
		return connection.Confirmation{}, err
	}
	query := w.browse(auth.URL, true)
	if !w.m.Invited(query) {
		w.t.Error("the callback is not known as an invited person's")
	}
	c, err := w.m.FinishInvitation(w.t.Context(), session, query)
	w.say(c, err)
	return c, err
}

func TestInvitation(t *testing.T) {
	w := newWorld(t)
	mails := w.inviting()
	req := invite
	req.Message = "Please connect\nproduction."
	out := w.invite(ada, req)
	if len(mails.mails) != 1 {
		t.Fatalf("%d mails", len(mails.mails))
	}
	mail := mails.mails[0]
	w.say(mail)
	for _, want := range []string{"Ada", "Acme", "production.", out.Link.Reveal()} {
		if !strings.Contains(mail.Text, want) {
			t.Errorf("the mail lacks %q:\n%s", want, mail.Text)
		}
	}
	if mail.To != req.Email || out.Invitation.Sends != 1 || out.Invitation.State != connection.InvitationOpen {
		t.Errorf("to %s, %+v", mail.To, out.Invitation)
	}
	token := tokenOf(t, out.Link)
	opened, err := w.m.OpenInvitation(t.Context(), token)
	if err != nil || opened.Opened.IsZero() || opened.TenantName != "Acme" {
		t.Fatalf("%+v, %v", opened, err)
	}
	c, err := w.accept(token)
	if err != nil {
		t.Fatal(err)
	}
	// Signed in, but nothing is connected, and the page can name the org.
	if list, err := w.m.List(t.Context(), "acme"); err != nil || len(list) != 0 {
		t.Errorf("connected before anybody confirmed: %v, %v", list, err)
	}
	if got := c.Invitation.Candidate; got == nil || got.Connection.Org.ID == "" || got.Connection.User.Username != w.org.Ready().Username {
		t.Errorf("candidate %+v", got)
	}
	done, err := w.m.ConfirmInvitation(t.Context(), c.Token, true)
	if err != nil || done.State != connection.InvitationDone || done.Made == "" {
		t.Fatalf("%+v, %v", done, err)
	}
	conn, err := w.m.Get(t.Context(), "acme", done.Made)
	if err != nil || conn.State != connection.Healthy || conn.Owner != "ada" || conn.Type != "team" {
		t.Errorf("%+v, %v", conn, err)
	}
	if err := w.use(w.m, conn); err != nil {
		t.Error(err)
	}
	// It lives on: the tokens that were held are the connection's, once.
	w.expire()
	if err := w.use(w.m, conn); err != nil {
		t.Errorf("after the session ended: %v", err)
	}
	if grants, err := w.tokens.Grants(t.Context(), "acme"); err != nil || len(grants) != 1 || w.approvals() != 1 {
		t.Errorf("%d grants, %d approvals, %v", len(grants), w.approvals(), err)
	}
	if _, err := w.m.OpenInvitation(t.Context(), token); !errors.Is(err, connection.ErrInvitationUsed) {
		t.Errorf("a link used twice: %v", err)
	}
	if _, err := w.accept(token); !errors.Is(err, connection.ErrInvitationUsed) {
		t.Errorf("accepted twice: %v", err)
	}
	kinds := strings.Join(w.kinds(), " ")
	for _, want := range []string{connection.EventInvited, connection.EventInvitationAccepted, connection.EventInvitationConfirmed, connection.EventAuthorized} {
		if !strings.Contains(kinds, want) {
			t.Errorf("no event %s among %s", want, kinds)
		}
	}
}

// The inviter has the last word where that was asked for.
func TestInvitationApproved(t *testing.T) {
	w := newWorld(t)
	w.inviting()
	req := invite
	req.Approve = true
	out := w.invite(ada, req)
	c, err := w.accept(tokenOf(t, out.Link))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.m.ApproveInvitation(t.Context(), ada, out.Invitation.ID, true); err == nil {
		t.Error("approved before the person confirmed")
	}
	waiting, err := w.m.ConfirmInvitation(t.Context(), c.Token, true)
	if err != nil || waiting.State != connection.InvitationAccepted || waiting.Candidate.Confirmed.IsZero() {
		t.Fatalf("%+v, %v", waiting, err)
	}
	if _, err := w.m.StartInvitation(t.Context(), tokenOf(t, out.Link), orglink.Secret{}); !errors.Is(err, connection.ErrInvitationUsed) {
		t.Errorf("the link still works: %v", err)
	}
	for name, actor := range map[string]orglink.Actor{"another tenant's admin": eve, "no admin": bob, "nobody": {}} {
		if _, err := w.m.ApproveInvitation(t.Context(), actor, out.Invitation.ID, true); err == nil {
			t.Errorf("%s may approve", name)
		}
	}
	w.expire() // days later; the session that came with the acceptance is over
	done, err := w.m.ApproveInvitation(t.Context(), ada, out.Invitation.ID, true)
	if err != nil || done.State != connection.InvitationDone || done.By != "ada" {
		t.Fatalf("%+v, %v", done, err)
	}
	conn, err := w.m.Get(t.Context(), "acme", done.Made)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.use(w.m, conn); err != nil {
		t.Error(err)
	}
}

// Whoever says no leaves nothing behind: no connection, no tokens, no approval.
func TestInvitationDeclined(t *testing.T) {
	w := newWorld(t)
	w.inviting()
	req := invite
	req.Approve = true
	out := w.invite(ada, req)
	token := tokenOf(t, out.Link)
	empty := func(who string) {
		t.Helper()
		grants, err := w.tokens.Grants(t.Context(), "acme")
		list, err2 := w.m.List(t.Context(), "acme")
		if err := errors.Join(err, err2); err != nil || len(grants)+len(list) != 0 || w.approvals() != 0 {
			t.Errorf("%s said no: %d grants, %d connections, %d approvals, %v", who, len(grants), len(list), w.approvals(), err)
		}
	}
	c, err := w.accept(token)
	if err != nil {
		t.Fatal(err)
	}
	back, err := w.m.ConfirmInvitation(t.Context(), c.Token, false)
	if err != nil || back.State != connection.InvitationOpen || back.Candidate != nil {
		t.Fatalf("%+v, %v", back, err)
	}
	empty("the person")
	if _, err := w.m.ConfirmInvitation(t.Context(), c.Token, true); !errors.Is(err, connection.ErrStateUsed) {
		t.Errorf("yes after no: %v", err)
	}
	// The link works still; this time the page is closed, then begun anew.
	if _, err = w.accept(token); err != nil {
		t.Fatal(err)
	}
	if c, err = w.accept(token); err != nil {
		t.Fatal(err)
	}
	if w.approvals() != 1 {
		t.Errorf("%d approvals of one candidate", w.approvals())
	}
	if _, err = w.m.ConfirmInvitation(t.Context(), c.Token, true); err != nil {
		t.Fatal(err)
	}
	gone, err := w.m.ApproveInvitation(t.Context(), ada, out.Invitation.ID, false)
	if err != nil || gone.State != connection.InvitationRevoked {
		t.Fatalf("%+v, %v", gone, err)
	}
	empty("the inviter")
	if _, err := w.m.OpenInvitation(t.Context(), token); !errors.Is(err, connection.ErrInvitationRevoked) || !strings.Contains(connection.Explain(err), "taken back") {
		t.Errorf("%v", err)
	}
}

func TestInvitationHostile(t *testing.T) {
	w := newWorld(t)
	w.inviting()
	out := w.invite(ada, invite)
	token := tokenOf(t, out.Link)
	for name, bad := range map[string]string{"nothing": "", "made up": "x", "without end": strings.Repeat("x", 1<<20), "the hash": out.Invitation.Hash, "the id": string(out.Invitation.ID)} {
		if _, err := w.m.OpenInvitation(t.Context(), orglink.NewSecret(bad)); !errors.Is(err, connection.ErrInvitationUnknown) {
			t.Errorf("%s opens: %v", name, err)
		}
	}
	session := orglink.NewSecret("browser")
	auth, err := w.m.StartInvitation(t.Context(), token, session)
	if err != nil {
		t.Fatal(err)
	}
	query := w.browse(auth.URL, true)
	// The inviter's own session must not finish it past the confirmation.
	if _, err := w.finish(ada, query); !errors.Is(err, connection.ErrStateUnknown) {
		t.Errorf("finished without confirmation: %v", err)
	}
	auth, _ = w.m.StartInvitation(t.Context(), token, session)
	query = w.browse(auth.URL, true)
	if _, err := w.m.FinishInvitation(t.Context(), orglink.NewSecret("another browser"), query); !errors.Is(err, connection.ErrOtherSession) {
		t.Errorf("another browser brings the callback: %v", err)
	}
	auth, _ = w.m.StartInvitation(t.Context(), token, session)
	query = w.browse(auth.URL, true)
	c, err := w.m.FinishInvitation(t.Context(), session, query)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.m.FinishInvitation(t.Context(), session, query); !errors.Is(err, connection.ErrStateUsed) {
		t.Errorf("a callback replayed: %v", err)
	}
	for name, bad := range map[string]orglink.Secret{"the link's token": token, "the state": orglink.NewSecret(query.Get("state")), "nothing": {}, "made up": orglink.NewSecret("x")} {
		if _, err := w.m.ConfirmInvitation(t.Context(), bad, true); !errors.Is(err, connection.ErrStateUnknown) {
			t.Errorf("confirmed with %s: %v", name, err)
		}
	}
	// An actor's own state is none of an invited person.
	own := w.browse(w.start(ada, connection.StartRequest{}).URL, true)
	if _, err := w.m.FinishInvitation(t.Context(), session, own); !errors.Is(err, connection.ErrStateUnknown) {
		t.Errorf("an actor's callback is taken for an invited person's: %v", err)
	}
	// Denied at Salesforce: nothing happens, the link works still.
	auth, _ = w.m.StartInvitation(t.Context(), token, session)
	if _, err := w.m.FinishInvitation(t.Context(), session, w.browse(auth.URL, false)); !errors.Is(err, connection.ErrDenied) {
		t.Errorf("denied: %v", err)
	}
	if _, err := w.m.RevokeInvitation(t.Context(), ada, out.Invitation.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.m.ConfirmInvitation(t.Context(), c.Token, true); err == nil {
		t.Error("confirmed after it was taken back")
	}
	if list, _ := w.m.List(t.Context(), "acme"); len(list) != 0 || w.approvals() != 0 {
		t.Errorf("%d connections, %d approvals after all that", len(list), w.approvals())
	}
}

// Nobody can be lured into replacing a connection that works by another org's.
func TestInvitationKeepsWhatWorks(t *testing.T) {
	w := newWorld(t)
	w.inviting()
	conn := w.connect(ada, connection.StartRequest{})
	req := invite
	req.Connection = conn.ID
	out := w.invite(ada, req)
	if _, err := w.accept(tokenOf(t, out.Link)); err != nil {
		t.Fatal(err)
	}
	if err := w.use(w.m, conn); err != nil {
		t.Errorf("the connection that was there: %v", err)
	}
	c, err := w.accept(tokenOf(t, out.Link))
	if err != nil {
		t.Fatal(err)
	}
	done, err := w.m.ConfirmInvitation(t.Context(), c.Token, true)
	if err != nil || done.Made != conn.ID {
		t.Fatalf("made %s of %s, %v", done.Made, conn.ID, err)
	}
	if err := w.use(w.m, w.get(conn)); err != nil {
		t.Error(err)
	}
	if w.approvals() != 1 {
		t.Errorf("%d approvals after renewing", w.approvals())
	}
}

func TestInviteChecks(t *testing.T) {
	w := newWorld(t)
	mails := w.inviting()
	with := func(change func(*connection.InviteRequest)) connection.InviteRequest {
		r := invite
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		actor orglink.Actor
		req   connection.InviteRequest
		want  error
	}{
		"no admin":                            {bob, invite, connection.ErrNotAllowed},
		"nobody":                              {orglink.Actor{}, invite, connection.ErrNotAllowed},
		"a personal one of another, no admin": {bob, with(func(r *connection.InviteRequest) { r.Type, r.For = "personal", "cat" }), connection.ErrNotAllowed},
		"no tenant name":                      {ada, with(func(r *connection.InviteRequest) { r.TenantName = " " }), connection.ErrInvitation},
		"a header in the name":                {ada, with(func(r *connection.InviteRequest) { r.InviterName = "Ada\r\nBcc: x@y" }), connection.ErrInvitation},
		"a message without end":               {ada, with(func(r *connection.InviteRequest) { r.Message = strings.Repeat("x", 2001) }), connection.ErrInvitation},
		"no address":                          {ada, with(func(r *connection.InviteRequest) { r.Email = "ada" }), connection.ErrInvitation},
		"an address and a name":               {ada, with(func(r *connection.InviteRequest) { r.Email = "Ada <ada@acme.example>" }), connection.ErrInvitation},
		"two addresses":                       {ada, with(func(r *connection.InviteRequest) { r.Email = "a@x.example, b@x.example" }), connection.ErrInvitation},
		"a year":                              {ada, with(func(r *connection.InviteRequest) { r.Lifetime = 365 * 24 * time.Hour }), connection.ErrInvitation},
		"a look-alike host":                   {ada, with(func(r *connection.InviteRequest) { r.LoginHost = "login.salesforce.com.evil.example" }), connection.ErrUntrustedHost},
		"a type that is unknown":              {ada, with(func(r *connection.InviteRequest) { r.Type = "x" }), connection.ErrNotFound},
		"a connection of others":              {eve, with(func(r *connection.InviteRequest) { r.Connection = "c" }), connection.ErrNotFound},
	} {
		_, err := w.m.Invite(t.Context(), c.actor, c.req)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if len(mails.mails) != 0 {
		t.Errorf("%d mails were sent", len(mails.mails))
	}
	mails.fail = errors.New("smtp: 550 token in the text")
	out, err := w.m.Invite(t.Context(), ada, invite)
	if !errors.Is(err, connection.ErrNotSent) || out.Link.IsZero() || strings.Contains(err.Error(), "550") {
		t.Errorf("%v", err)
	}
	mails.fail = nil
	again, err := w.m.Resend(t.Context(), ada, out.Invitation.ID)
	if err != nil || again.Link == out.Link || len(mails.mails) != 1 {
		t.Errorf("%v, %d mails", err, len(mails.mails))
	}
	if _, err := w.m.OpenInvitation(t.Context(), tokenOf(t, out.Link)); !errors.Is(err, connection.ErrInvitationUnknown) {
		t.Errorf("the link before the last: %v", err)
	}
	if list, err := w.m.Invitations(t.Context(), "acme"); err != nil || len(list) != 1 {
		t.Errorf("%d invitations, %v", len(list), err)
	}
	if list, err := w.m.Invitations(t.Context(), "evil"); err != nil || len(list) != 0 {
		t.Errorf("another tenant sees %d, %v", len(list), err)
	}
	if _, err := w.m.RevokeInvitation(t.Context(), eve, out.Invitation.ID); !errors.Is(err, connection.ErrNotFound) {
		t.Errorf("another tenant revokes: %v", err)
	}
}

func TestInvitationExpires(t *testing.T) {
	w := newWorld(t)
	w.inviting(func(cfg *connection.Config) { cfg.InvitationLifetime = 200 * time.Millisecond })
	out := w.invite(ada, invite)
	token := tokenOf(t, out.Link)
	session := orglink.NewSecret("browser")
	auth, err := w.m.StartInvitation(t.Context(), token, session)
	if err != nil {
		t.Fatal(err)
	}
	query := w.browse(auth.URL, true)
	time.Sleep(time.Until(out.Invitation.Expires) + 10*time.Millisecond)
	if _, err := w.m.OpenInvitation(t.Context(), token); !errors.Is(err, connection.ErrInvitationExpired) || !strings.Contains(connection.Explain(err), "expired") {
		t.Errorf("%v", err)
	}
	if _, err := w.m.FinishInvitation(t.Context(), session, query); !errors.Is(err, connection.ErrStateExpired) {
		t.Errorf("a late callback: %v", err)
	}
	if _, err := w.m.AuthorizeInvitation(t.Context(), ada, out.Invitation.ID); !errors.Is(err, connection.ErrInvitationExpired) {
		t.Errorf("a bare URL of an expired one: %v", err)
	}
	again, err := w.m.Resend(t.Context(), ada, out.Invitation.ID)
	if err != nil || !again.Invitation.Expires.After(out.Invitation.Expires) {
		t.Errorf("sent again: %+v, %v", again.Invitation, err)
	}
}

// The bare authorization URL can be handed over instead of a link.
func TestInvitationBareURL(t *testing.T) {
	w := newWorld(t)
	req := invite
	req.Email = ""
	req.Type, req.For = "personal", "bob"
	w.connect(ada, connection.StartRequest{})
	out := w.invite(ada, req)
	if !out.Link.IsZero() {
		t.Error("a link without InvitationURL")
	}
	auth, err := w.m.AuthorizeInvitation(t.Context(), ada, out.Invitation.ID)
	if err != nil || auth.Expires.After(out.Invitation.Expires) {
		t.Fatal(auth.Expires, err)
	}
	c, err := w.m.FinishInvitation(t.Context(), orglink.Secret{}, w.browse(auth.URL, true))
	if err != nil {
		t.Fatal(err)
	}
	done, err := w.m.ConfirmInvitation(t.Context(), c.Token, true)
	if err != nil {
		t.Fatal(err)
	}
	if conn, err := w.m.Get(t.Context(), "acme", done.Made); err != nil || conn.Type != "personal" || conn.Owner != "bob" {
		t.Errorf("%+v, %v", conn, err)
	}
}

// The pages, as the invited person meets them.
func TestInvitationPages(t *testing.T) {
	w := newWorld(t)
	w.inviting()
	req := invite
	req.TenantName, req.Message = `Acme <script>alert(1)</script>`, "Please & thank you"
	out := w.invite(ada, req)
	h, err := w.m.Handler(connection.HandlerConfig{Actor: func(*http.Request) (orglink.Actor, error) { return orglink.Actor{}, errors.New("nobody") }})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.StripPrefix("/salesforce", h))
	defer server.Close()
	var jar []*http.Cookie
	do := func(method, path string, form url.Values, header ...string) (int, string, string) {
		t.Helper()
		r, err := http.NewRequest(method, server.URL+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		for _, c := range jar {
			r.AddCookie(c)
		}
		resp, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		jar = append(jar, resp.Cookies()...)
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		body := string(text)
		w.say(strings.ReplaceAll(body, "value=\"", ""))
		return resp.StatusCode, body, resp.Header.Get("Location")
	}
	hidden := func(body string) url.Values {
		t.Helper()
		m := hiddenField.FindStringSubmatch(body)
		if m == nil {
			t.Fatalf("no form in %s", body)
		}
		return url.Values{m[1]: {html.UnescapeString(m[2])}}
	}
	u, _ := url.Parse(out.Link.Reveal())
	code, body, _ := do("GET", u.RequestURI(), nil)
	if code != 200 || !strings.Contains(body, "Ada") || !strings.Contains(body, "Please &amp; thank you") || strings.Contains(body, "<script>") {
		t.Fatalf("%d %s", code, body)
	}
	form := hidden(body)
	if code, _, _ := do("POST", "/salesforce/invitation", form, "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
		t.Errorf("another site begins: %d", code)
	}
	code, body, to := do("POST", "/salesforce/invitation", form)
	if code != http.StatusSeeOther || !strings.HasPrefix(to, w.org.URL) {
		t.Fatalf("%d %s %s", code, to, body)
	}
	query := w.browse(to, true)
	code, body, _ = do("GET", "/salesforce/callback?"+query.Encode(), nil)
	if code != 200 || !strings.Contains(body, "Acme &lt;script&gt;") || !strings.Contains(body, w.org.Ready().Username) || !strings.Contains(body, "Do not connect") {
		t.Fatalf("the page before activation: %d %s", code, body)
	}
	form = hidden(body)
	form.Set("answer", "yes")
	code, body, _ = do("POST", "/salesforce/invitation/confirm", form)
	if code != 200 || !strings.Contains(body, "Salesforce is connected") {
		t.Fatalf("%d %s", code, body)
	}
	if code, body, _ = do("GET", u.RequestURI(), nil); code != http.StatusGone || !strings.Contains(body, "accepted already") {
		t.Errorf("a used link: %d %s", code, body)
	}
	if code, _, _ = do("GET", "/salesforce/invitation?token=x", nil); code != http.StatusNotFound {
		t.Errorf("an unknown link: %d", code)
	}
	if code, _, _ = do("GET", "/salesforce/start", nil); code != http.StatusUnauthorized {
		t.Errorf("the product's own pages need an actor: %d", code)
	}
}
