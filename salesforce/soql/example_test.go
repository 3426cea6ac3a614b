package soql_test

import (
	"errors"
	"fmt"

	"github.com/orglink/orglink/salesforce/soql"
)

func Example() {
	q := soql.Select("Id", "Name").From("Account").
		Where(soql.Compare("Industry", soql.OpEq, soql.String("Food & 'Drink'"))).
		OrderBy(soql.Asc("Id")).Limit(200)
	fmt.Println(q)
	// Output: SELECT Id, Name FROM Account WHERE Industry = 'Food & \'Drink\'' ORDER BY Id LIMIT 200
}

func ExampleParse() {
	q, err := soql.Parse("select Name from Account where Industry = 'Energy' or Rating = 'Hot'")
	if err != nil {
		panic(err)
	}
	q.AddFields("Id").AndWhere(soql.Compare("CreatedDate", soql.OpEq, soql.Relative("LAST_N_DAYS", 7)))
	fmt.Println(q)
	// Output: SELECT Name, Id FROM Account WHERE (Industry = 'Energy' OR Rating = 'Hot') AND CreatedDate = LAST_N_DAYS:7
}

func ExampleSyntaxError() {
	text := "SELECT Id FROM A WHERE Name = 'O'Brien'"
	_, err := soql.Parse(text)
	var syntax *soql.SyntaxError
	if errors.As(err, &syntax) {
		fmt.Println(syntax.Report(text))
	}
	// Output:
	// ELECT Id FROM A WHERE Name = 'O'Brien'
	//                                 ^
	// ERROR at Row:1:Column:34
	// unexpected token: 'Brien'
}

func ExampleBind() {
	q, err := soql.Bind("SELECT Id FROM Contact WHERE LastName LIKE ? AND Id IN ?",
		soql.EscapeLike("100%")+"%", []string{"003000000000001AAA", "003000000000002AAA"})
	if err != nil {
		panic(err)
	}
	fmt.Println(q)
	// Output: SELECT Id FROM Contact WHERE LastName LIKE '100\%%' AND Id IN ('003000000000001AAA', '003000000000002AAA')
}
