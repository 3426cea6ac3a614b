package salesforce_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce"
	"github.com/orglink/orglink/salesforce/sobject"
)

// The whole of an ordinary day: read, write, and know why something failed.
func Example() {
	org, client := exampleOrg() // against a real org, salesforce.New with your own Tokens
	defer org.Close()
	ctx := context.Background()

	out, err := client.Create(ctx, sobject.NewRecord("Account",
		sobject.F("Name", sobject.TextValue("Umbrella")),
		sobject.F("NumberOfEmployees", sobject.IntValue(12))))
	if err != nil {
		log.Fatal(err)
	}
	err = client.Update(ctx, out.ID, sobject.NewRecord("Account",
		sobject.F("NumberOfEmployees", sobject.IntValue(13)),
		sobject.F("Phone", sobject.NullValue()))) // null clears, an absent field is left alone
	if err != nil {
		log.Fatal(err)
	}
	rec, err := client.Get(ctx, "Account", out.ID, "Name", "NumberOfEmployees")
	if err != nil {
		log.Fatal(err)
	}
	employees, _ := rec.Int("NumberOfEmployees")
	fmt.Println(out.Created, employees)

	_, err = client.Count(ctx, "SELECT COUNT() FROM Acount")
	fmt.Println(errors.Is(err, salesforce.ErrInvalidType), salesforce.IsRetryable(err))
	// Output:
	// true 13
	// true false
}

func ExampleQueryAs() {
	org, client := exampleOrg()
	defer org.Close()
	type Account struct {
		ID    sobject.ID `salesforce:"Id"`
		Name  string     `salesforce:"Name"`
		Phone *string    `salesforce:"Phone"` // nil for null
		Owner string     `salesforce:"Owner.Name"`
	}
	const soql = "SELECT Id, Name, Phone, Owner.Name FROM Account ORDER BY Name LIMIT 1"
	for a, err := range salesforce.QueryAs[Account](context.Background(), client, soql, salesforce.QueryOptions{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(a.Name, a.Phone == nil, a.ID.Prefix())
	}
	// Output: Acme true 001
}

// refreshing is a TokenSource with a refresh token, for programs that serve one
// org. Package connection does it for many tenants and processes, with tokens
// that rotate.
type refreshing struct {
	loginURL, clientID, refreshToken string
	client                           *http.Client

	mu  sync.Mutex
	now salesforce.Token
}

func (r *refreshing) Token(ctx context.Context) (salesforce.Token, error) {
	r.mu.Lock()
	now := r.now
	r.mu.Unlock()
	if now.InstanceURL == "" {
		return r.Refresh(ctx, now) // the first one
	}
	return now, nil
}

func (r *refreshing) Refresh(ctx context.Context, _ salesforce.Token) (salesforce.Token, error) {
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.refreshToken}, "client_id": {r.clientID}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.loginURL+"/services/oauth2/token", strings.NewReader(form.Encode()))
	if err != nil {
		return salesforce.Token{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := r.client.Do(req)
	if err != nil {
		return salesforce.Token{}, err
	}
	defer resp.Body.Close()
	var answer struct {
		Access   string `json:"access_token"`
		Instance string `json:"instance_url"`
		Error    string `json:"error"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Access == "" {
		return salesforce.Token{}, fmt.Errorf("refresh: %s %s: %w", resp.Status, answer.Error, errors.Join(err, errors.New("sign in again")))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = salesforce.Token{Access: orglink.NewSecret(answer.Access), InstanceURL: answer.Instance}
	return r.now, nil
}

// A source of your own: the client asks it for every request, and tells it once
// when Salesforce rejects a token, however many requests that hits.
func ExampleTokenSource() {
	login := &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
		return reply(r, 200, `{"access_token":"00D...","instance_url":"https://example.my.salesforce.com"}`), nil
	})}
	client, err := salesforce.New(salesforce.Config{
		Tokens: &refreshing{loginURL: "https://login.salesforce.com", clientID: "3MVG9...", refreshToken: "5Aep...", client: login},
	})
	if err != nil {
		log.Fatal(err)
	}
	instance, err := client.InstanceURL(context.Background())
	fmt.Println(instance, err)
	// Output: https://example.my.salesforce.com <nil>
}
