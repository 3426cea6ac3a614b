package salesforcetest

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

const (
	// deviceTime is how long a device may wait for its person (help page "OAuth
	// 2.0 Device Flow for IoT Integration").
	deviceTime = 10 * time.Minute
	// deviceInterval is how often it may ask.
	deviceInterval = 5 * time.Second
)

// device is a device that waits for a person to type its code.
type device struct {
	code, userCode string
	app            string
	scopes         []string
	expires        time.Time
	polled         time.Time
	decided        bool
	granted        *approval
	org            *Server // whose user has decided
}

// devices are the devices that wait, at one org or at a login host.
type devices struct {
	mu     sync.Mutex
	byCode map[string]*device
	byUser map[string]*device
}

func newDevices() *devices {
	return &devices{byCode: map[string]*device{}, byUser: map[string]*device{}}
}

func (d *devices) add(dev *device, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	over := func(dev *device) bool { return !now.Before(dev.expires) }
	sweep(d.byCode, over)
	sweep(d.byUser, over)
	d.byCode[dev.code], d.byUser[dev.userCode] = dev, dev
}

// deviceStart gives a device its codes.
func (c *call) deviceStart(p url.Values) answer {
	app := c.s.app(p.Get("client_id"))
	if app == nil {
		return oauthFailure("invalid_client_id", "client identifier invalid")
	}
	if !app.DeviceFlow {
		return oauthFailure("invalid_request", "device flow not enabled")
	}
	scopes, missing := app.grantable(p.Get("scope"))
	if missing != "" {
		return oauthFailure("invalid_scope", "the requested scope is invalid, unknown, or malformed")
	}
	now := c.s.org.Now()
	dev := &device{code: randomToken(64), userCode: userCode(), app: app.ClientID, scopes: scopes, expires: now.Add(deviceTime)}
	c.s.devices.add(dev, now)
	return jsonAnswer(http.StatusOK, struct {
		DeviceCode      string `json:"device_code"`
		UserCode        string `json:"user_code"`
		VerificationURI string `json:"verification_uri"`
		Interval        int    `json:"interval"`
	}{dev.code, dev.userCode, c.issuer() + verificationURI, int(deviceInterval / time.Second)}).with("Cache-Control", "no-cache, no-store")
}

// devicePoll answers a device that asks whether its person has decided.
func (c *call) devicePoll(p url.Values) answer {
	app, refused := c.client(p, "device")
	if refused != nil {
		return *refused
	}
	now := c.s.org.Now()
	d := c.s.devices
	d.mu.Lock()
	dev := d.byCode[p.Get("code")]
	problem := oauthProblem{}
	switch {
	case dev == nil || dev.app != app.ClientID:
		problem = oauthProblem{"invalid_grant", "invalid device code"}
	case !now.Before(dev.expires):
		problem = oauthProblem{"invalid_grant", "expired device code"}
		delete(d.byCode, dev.code)
	case !dev.polled.IsZero() && now.Sub(dev.polled) < deviceInterval:
		problem = oauthProblem{"slow_down", "polling too frequently"}
	case !dev.decided:
		problem = oauthProblem{"authorization_pending", "waiting for the user to authorize"}
	case dev.granted == nil:
		problem = oauthProblem{"access_denied", "end-user denied authorization"}
		delete(d.byCode, dev.code)
	default:
		delete(d.byCode, dev.code)
	}
	if dev != nil {
		dev.polled = now
	}
	d.mu.Unlock()
	if problem.Error != "" {
		return problem.answer()
	}
	// The person may be of another org than the one that was asked first.
	other := *c
	other.s = dev.org
	if app = dev.org.app(dev.app); app == nil {
		return oauthFailure("invalid_client_id", "client identifier invalid")
	}
	return other.approved(app, *dev.granted)
}

// connect is the page where a person types the code of a device.
func (c *call) connect() answer {
	p := c.formValues()
	typed := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(p.Get("user_code")))
	again := func(status int, problem string) answer {
		return c.page(status, "device", page{Title: "Connect your device", UserCode: typed, Error: problem})
	}
	if typed == "" {
		return again(http.StatusOK, "")
	}
	d := c.s.devices
	d.mu.Lock()
	dev := d.byUser[typed]
	ok := dev != nil && !dev.decided && c.s.org.Now().Before(dev.expires)
	d.mu.Unlock()
	if !ok {
		return again(http.StatusOK, "The code isn't valid. Check the code on your device and try again.")
	}
	start := verificationURI + "?user_code=" + typed
	who, signedIn := c.browserUser("", false)
	if !signedIn {
		return c.loginPage(start, "", "")
	}
	app := c.s.app(dev.app)
	if app == nil {
		return c.oauthPage("invalid_client_id", "client identifier invalid")
	}
	if refused := c.admit(app, who, stepApprove); refused != nil {
		return c.oauthPage(refused.Error, refused.Description)
	}
	a := approval{app: dev.app, user: who.id, scopes: dev.scopes, device: typed}
	return c.consentPage(app, a, who, start)
}

// deviceDecision is what the person clicked.
func (c *call) deviceDecision(a approval, allow bool) answer {
	d := c.s.devices
	d.mu.Lock()
	dev := d.byUser[a.device]
	ok := dev != nil && !dev.decided && c.s.org.Now().Before(dev.expires)
	if ok {
		dev.decided, dev.org = true, c.s
		if allow {
			dev.granted = &a
		}
		delete(d.byUser, a.device)
	}
	d.mu.Unlock()
	switch {
	case !ok:
		return c.oauthPage("OAUTH_APPROVAL_ERROR_GENERIC", approvalErrorText)
	case !allow:
		return c.page(http.StatusOK, "message", page{Title: "Access denied", Message: "Your device was not connected. You can close this page."})
	}
	return c.page(http.StatusOK, "message", page{Title: "You're connected", Message: "Your device is connected. You can close this page and go on there."})
}
