'use strict';

async function bulk2Ingest({ conn, attempt }) {
  const load = (operation, input, more) => conn.bulk2.loadAndWaitForResults({ object: 'Account', operation, input, pollInterval: 50, pollTimeout: 20000, ...more });
  const inserted = await load('insert', [
    { Name: 'One', ERP__c: '1', NumberOfEmployees: 1, Site: 'Bern, "West"' },
    { Name: 'Two', ERP__c: '2', NumberOfEmployees: 2, Site: 'two\nlines' },
    { Name: 'Bad', ERP__c: '3', NumberOfEmployees: -1, Site: '' },
  ]);
  const csv = await load('insert', 'Name,ERP__c\nFrom text,T1\nFrom text,T2\n');
  const id = inserted.successfulResults.find((r) => r.ERP__c === '1').sf__Id;
  const updated = await load('update', [{ Id: id, Site: null, NumberOfEmployees: 11 }]); // null becomes #N/A, which clears
  const upserted = await load('upsert', [{ ERP__c: '1', Name: 'One again' }, { ERP__c: '9', Name: 'Nine' }], { externalIdFieldName: 'ERP__c' });
  const deleted = await load('delete', csv.successfulResults.map((r) => ({ Id: r.sf__Id })));
  const job = conn.bulk2.createJob({ object: 'Account', operation: 'insert' });
  const info = await job.open();
  await job.uploadData('Name\nNever\n');
  await job.abort();
  const aborted = await job.check();
  await job.delete();
  const gone = await attempt(() => job.check());
  const unknown = await attempt(() => load('insert', [{ Nonsense: 'x' }]));
  return { inserted, csv, updated, upserted, deleted, info, aborted, gone, unknown, id };
}

async function bulk2Query({ conn, collect, attempt }) {
  const rows = await collect(await conn.bulk2.query('SELECT Id, Name, NumberOfEmployees FROM Account', { pollInterval: 50, pollTimeout: 20000 }));
  const all = await collect(await conn.bulk2.query('SELECT Id, IsDeleted FROM Account', { scanAll: true, pollInterval: 50, pollTimeout: 20000 }));
  const refused = await attempt(() => conn.bulk2.query('SELECT Id FROM Nope__c'));
  return { rows: rows.length, row: rows.find((r) => r.Name === 'Account 00007'), all: all.length, deleted: all.filter((r) => r.IsDeleted === 'true').length, refused };
}

module.exports = { bulk2Ingest, bulk2Query };
