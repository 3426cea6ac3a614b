package main

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/orglink/orglink"
	"github.com/orglink/orglink/salesforce/sobject"
)

// merge merges two accounts as the Merge button does. REST has no such call,
// so it goes through the SOAP partner API (SOAP API guide, "merge()").
func merge(ctx context.Context, instanceURL, version string, token orglink.Secret, object string, master, loser sobject.ID) error {
	var envelope strings.Builder
	envelope.WriteString(`<?xml version="1.0" encoding="utf-8"?>` +
		`<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:urn="urn:partner.soap.sforce.com" xmlns:ens="urn:sobject.partner.soap.sforce.com">` +
		`<soapenv:Header><urn:SessionHeader><urn:sessionId>`)
	if err := xml.EscapeText(&envelope, []byte(token.Reveal())); err != nil {
		return err
	}
	fmt.Fprintf(&envelope, `</urn:sessionId></urn:SessionHeader></soapenv:Header><soapenv:Body><urn:merge><urn:request>`+
		`<urn:masterRecord><ens:type>%s</ens:type><ens:Id>%s</ens:Id></urn:masterRecord><urn:recordToMergeIds>%s</urn:recordToMergeIds>`+
		`</urn:request></urn:merge></soapenv:Body></soapenv:Envelope>`, object, master, loser)

	r, err := http.NewRequestWithContext(ctx, http.MethodPost, instanceURL+"/services/Soap/u/"+version, strings.NewReader(envelope.String()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "text/xml; charset=UTF-8")
	r.Header.Set("SOAPAction", `""`)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Fault   string `xml:"Body>Fault>faultstring"`
		Success bool   `xml:"Body>mergeResponse>result>success"`
		Code    string `xml:"Body>mergeResponse>result>errors>statusCode"`
		Message string `xml:"Body>mergeResponse>result>errors>message"`
	}
	if err := xml.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		return fmt.Errorf("merge %s into %s: HTTP %d: %w", loser, master, resp.StatusCode, err)
	}
	switch {
	case answer.Success:
		return nil
	case answer.Code != "":
		return fmt.Errorf("merge %s into %s: %s: %s", loser, master, answer.Code, answer.Message)
	default:
		return fmt.Errorf("merge %s into %s: HTTP %d: %s", loser, master, resp.StatusCode, answer.Fault)
	}
}
