package conformance

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"os"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest"
	"github.com/orglink/orglink/salesforce/sobject"
)

// The tests of outside_*_test.go drive the fake org with Salesforce clients
// that were not written here. They assert what the org holds afterwards, so
// that the fake and its tests cannot agree on a mistake. Each names, beside
// the test, what that client does wrong by itself.

// outsideOrg is an org for other people's clients: an external id on Account,
// a validation rule, and no data.
type outsideOrg struct {
	*salesforcetest.Server
	t     *testing.T
	Ready salesforcetest.Ready
}

// newOutsideOrg starts one. The last change of its config wins.
func newOutsideOrg(t *testing.T, change ...func(*salesforcetest.Config)) outsideOrg {
	t.Helper()
	cfg := salesforcetest.Config{Apps: []salesforcetest.App{{
		ClientID: "3MVG9.outside.client", ClientSecret: "outside-secret", Name: "Outside", RunAs: salesforcetest.AdminUsername,
	}}}
	for _, f := range change {
		f(&cfg)
	}
	s := salesforcetest.NewServer(t, cfg)
	o := outsideOrg{s, t, s.Ready()}
	_ = s.Org().AddField("Account", salesforcetest.Field{Name: "ERP__c", Type: sobject.TypeString, Length: 40, ExternalID: true, Unique: true})
	_ = s.Org().AddRule("Account", salesforcetest.Rule{Name: "No_Negative", Message: "Employees cannot be negative.", Field: "NumberOfEmployees",
		Fails: func(r salesforcetest.Row) bool { n, ok := r.Number("NumberOfEmployees"); return ok && n < 0 }})
	return o
}

// load stores n accounts named "Account 00001" and so on.
func (o outsideOrg) load(n int) {
	o.t.Helper()
	recs := make([]sobject.Record, n)
	for i := range recs {
		recs[i] = sobject.NewRecord("Account", sobject.F("Name", sobject.TextValue(fmt.Sprintf("Account %05d", i+1))),
			sobject.F("NumberOfEmployees", sobject.IntValue(int64(i+1))))
	}
	if _, err := o.Org().Load("Account", recs...); err != nil {
		o.t.Fatal(err)
	}
}

// count fails unless a query finds so many rows in the org.
func (o outsideOrg) count(want int, soql string) {
	o.t.Helper()
	if n, err := o.Org().Count(soql); err != nil || n != want {
		o.t.Errorf("%s: %d rows in the org, want %d (%v)", soql, n, want, err)
	}
}

// field returns a field of the one row of a query, as the API prints it.
func (o outsideOrg) field(soql, name string) string {
	o.t.Helper()
	recs, err := o.Org().Query(soql)
	if err != nil || len(recs) != 1 {
		o.t.Fatalf("%s: %d rows, want 1 (%v)", soql, len(recs), err)
	}
	v, ok := recs[0].Value(name)
	if !ok {
		o.t.Fatalf("%s: no field %s", soql, name)
	}
	return v.Raw()
}

// rsaKey makes a key: the client's half, and the app's certificate.
func rsaKey(t *testing.T) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return text("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), text("PUBLIC KEY", der)
}

// silent turns the standard logger off, which some clients write to.
func silent(t *testing.T) {
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
}
