package connection

import (
	"net/http"
	"net/url"

	"github.com/orglink/orglink"
)

// InvitationStep is what an invited person's page asks or tells.
type InvitationStep string

// The steps of an invited person.
const (
	// StepOpen: before Salesforce. The page names the tenant and the inviter.
	StepOpen InvitationStep = "open"
	// StepConfirm: after Salesforce, before anything is connected. The page
	// names the tenant, the inviter and the org.
	StepConfirm InvitationStep = "confirm"
	// StepDone, StepWaiting, StepDeclined tell how it ended: connected, waiting
	// for the inviter, not confirmed.
	StepDone     InvitationStep = "done"
	StepWaiting  InvitationStep = "waiting"
	StepDeclined InvitationStep = "declined"
)

// InvitationView is what a page for an invited person is made of.
type InvitationView struct {
	Step       InvitationStep
	Invitation Invitation
	// Action and Fields are the form of StepOpen and StepConfirm: its relative
	// address and its hidden fields. The answer to StepConfirm is the field
	// answer, yes or no.
	Action string
	Fields map[string]string
}

// invitationPage is the plain default.
func invitationPage(w http.ResponseWriter, _ *http.Request, v InvitationView) {
	i := v.Invitation
	p := page{Action: v.Action}
	for name, value := range v.Fields {
		p.Hidden = append(p.Hidden, field{name, value})
	}
	var org, user string
	if i.Candidate != nil {
		org, user = i.Candidate.Connection.Org.title(), i.Candidate.Connection.User.Username
	}
	switch v.Step {
	case StepOpen:
		p.Title = "Connect Salesforce to " + i.TenantName
		p.Text = i.InviterName + " of " + i.TenantName + " asks you to connect your Salesforce org. You will be sent to Salesforce to sign in and to allow access. Go on only if you know " + i.InviterName + "."
		p.Note, p.Button = i.Message, "Continue to Salesforce"
	case StepConfirm:
		p.Title = "Connect " + org + " to " + i.TenantName + "?"
		p.Text = "You signed in as " + user + ". If you confirm, " + i.TenantName + " can work with this org as that user. " + i.InviterName + " asked for it."
		p.Button, p.Other = "Connect "+org+" to "+i.TenantName, "Do not connect"
	case StepDone:
		p.Title, p.Text = "Salesforce is connected", org+" is connected to "+i.TenantName+". You can close this page."
	case StepWaiting:
		p.Title, p.Text = "Thank you", i.InviterName+" has to confirm before "+org+" is connected to "+i.TenantName+". You can close this page."
	case StepDeclined:
		p.Title, p.Text = "Nothing was connected", "Access for "+i.TenantName+" was taken back. You can close this page."
	}
	writePage(w, http.StatusOK, p)
}

// invitationRoutes are those that need no actor.
func (h *handler) invitationRoutes(mux *http.ServeMux) {
	protect := http.NewCrossOriginProtection()
	mux.HandleFunc("GET /invitation", h.openInvitation)
	mux.Handle("POST /invitation", protect.Handler(http.HandlerFunc(h.startInvitation)))
	mux.Handle("POST /invitation/confirm", protect.Handler(http.HandlerFunc(h.confirmInvitation)))
}

func (h *handler) openInvitation(w http.ResponseWriter, r *http.Request) {
	query, _ := url.ParseQuery(r.URL.RawQuery)
	token := query.Get("token")
	i, err := h.m.OpenInvitation(r.Context(), orglink.NewSecret(token))
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	h.cfg.InvitationPage(w, r, InvitationView{StepOpen, i, "invitation", map[string]string{"token": token}})
}

func (h *handler) startInvitation(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	var browser orglink.Actor
	h.m.session(w, r, &browser)
	auth, err := h.m.StartInvitation(r.Context(), orglink.NewSecret(r.PostForm.Get("token")), browser.Session)
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	http.Redirect(w, r, auth.URL, http.StatusSeeOther)
}

func (h *handler) finishInvitation(w http.ResponseWriter, r *http.Request, query url.Values) {
	var session orglink.Secret
	if c, err := r.Cookie(h.m.cookieName()); err == nil && len(c.Value) <= maxParameter {
		session = orglink.NewSecret(c.Value)
	}
	c, err := h.m.FinishInvitation(r.Context(), session, query)
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	h.cfg.InvitationPage(w, r, InvitationView{StepConfirm, c.Invitation, "invitation/confirm", map[string]string{"token": c.Token.Reveal()}})
}

func (h *handler) confirmInvitation(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusBadRequest)
		return
	}
	yes := r.PostForm.Get("answer") == "yes"
	i, err := h.m.ConfirmInvitation(r.Context(), orglink.NewSecret(r.PostForm.Get("token")), yes)
	if err != nil {
		h.cfg.Failed(w, r, err)
		return
	}
	step := StepDone
	switch {
	case !yes:
		step = StepDeclined
	case i.State != InvitationDone:
		step = StepWaiting
	}
	h.cfg.InvitationPage(w, r, InvitationView{Step: step, Invitation: i})
}
