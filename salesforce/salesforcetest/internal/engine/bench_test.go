package engine_test

import (
	"fmt"
	"testing"

	"github.com/orglink/orglink/salesforce/salesforcetest/internal/engine"
	"github.com/orglink/orglink/salesforce/sobject"
)

func accounts(n int) []sobject.Record {
	out := make([]sobject.Record, n)
	for i := range out {
		out[i] = rec("Account", "Name", fmt.Sprint("Account ", i), "Phone", "+49 228 123456", "Website", "https://acme.example", "AnnualRevenue", "123456", "Industry", "Energy",
			"Code__c", fmt.Sprint("C", i), "Since__c", "2024-01-01", "BillingCity", "Bonn")
	}
	return out
}

func BenchmarkInsert12000(b *testing.B) {
	recs := accounts(12000)
	for b.Loop() {
		fx := newOrg(b)
		for i := 0; i < len(recs); i += 200 {
			if _, err := fx.Insert(fx.s, "Account", recs[i:i+200], csv); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func filled(b *testing.B, n int) *fixture {
	fx := newOrg(b)
	if _, err := fx.Insert(fx.s, "Account", accounts(n), csv); err != nil {
		b.Fatal(err)
	}
	return fx
}

func BenchmarkQueryJSON(b *testing.B) {
	fx := filled(b, 100_000)
	var buf []byte
	for b.Loop() {
		r := fx.query("SELECT Id, Name, Phone, Website, AnnualRevenue, Industry, Code__c, Since__c, BillingCity, CreatedDate, SystemModstamp, OwnerId FROM Account")
		for i := 0; i < r.Len(); i += 2000 {
			buf = r.AppendRows(buf[:0], i, i+2000, jsonBase)
		}
	}
	b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkQueryCSV(b *testing.B) {
	fx := filled(b, 100_000)
	var buf []byte
	for b.Loop() {
		r := fx.query("SELECT Id, Name, Phone, Website, AnnualRevenue, Industry, Code__c, Since__c, BillingCity, CreatedDate, SystemModstamp, OwnerId FROM Account")
		for i := 0; i < r.Len(); i += 50_000 {
			buf = r.AppendCSVRows(buf[:0], i, i+50_000, ',', "\n")
		}
	}
	b.ReportMetric(float64(100_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkLookup(b *testing.B) {
	fx := filled(b, 100_000)
	for name, q := range map[string]string{
		"key":   "SELECT Id FROM Account WHERE Code__c = 'C77777'",
		"id":    "SELECT Id FROM Account WHERE Id = '001ak0000000Abc'",
		"after": "SELECT Id FROM Account WHERE Id > '001ak0000000Abc' ORDER BY Id LIMIT 10",
		"stamp": "SELECT Id FROM Account WHERE SystemModstamp > 2030-01-01T00:00:00Z ORDER BY SystemModstamp, Id LIMIT 10",
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := fx.QueryText(fx.s, q, engine.QueryOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
