package connection

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Mailer sends mail for the host. Implementations are safe for concurrent use.
type Mailer interface {
	Send(ctx context.Context, m Mail) error
}

// MailerFunc makes a function a Mailer.
type MailerFunc func(ctx context.Context, m Mail) error

// Send implements Mailer.
func (f MailerFunc) Send(ctx context.Context, m Mail) error { return f(ctx, m) }

// Mail is one message: ready text, and what it was made of for a host that
// writes its own. Text and Link hold the invitation's secret; a Mail that is
// printed does not show them.
type Mail struct {
	To, Subject, Text string
	Link              string
	Invitation        Invitation
	// Again tells that it was sent before, with another link.
	Again bool
}

// Format implements fmt.Formatter.
func (m Mail) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "mail to "+m.To+" about invitation "+string(m.Invitation.ID))
}

func invitationMail(i Invitation, link string, again bool) Mail {
	subject := i.InviterName + " asks you to connect Salesforce to " + i.TenantName
	if again {
		subject = "Reminder: " + subject
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s asks you to connect your Salesforce org to the account of %s.\n\n", i.InviterName, i.TenantName)
	if i.Message != "" {
		b.WriteString(i.Message + "\n\n")
	}
	fmt.Fprintf(&b, "Open this link, sign in to Salesforce and confirm:\n%s\n\n", link)
	fmt.Fprintf(&b, "The link works once, until %s. If you do not know %s, do nothing.\n", i.Expires.UTC().Format("2 January 2006 15:04 MST"), i.InviterName)
	return Mail{To: i.Email, Subject: subject, Text: b.String(), Link: link, Invitation: i.clone(), Again: again}
}
