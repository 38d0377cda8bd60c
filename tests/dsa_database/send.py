"""A sender in a process of its own: `python -m tests.dsa_database.send DSN URL`. It is there to be killed."""

import sys
from contextlib import closing

from pipeline.ledgers.database import Database
from pipeline.legal_record.classification import FALLBACK
from pipeline.legal_record.dsa_codes import codes
from pipeline.legal_record.eu_database import EuTransparencyDatabase
from pipeline.legal_record.postgres_outbox import PostgresStatementOutbox
from pipeline.legal_record.postgres_restrictions import PostgresRestrictions
from pipeline.legal_record.statement import StatementOptions, statement_of
from pipeline.legal_record.statement_sending import StatementSubmission
from tests.dsa_database.server import TOKEN


def main() -> None:
    dsn, url = sys.argv[1:]
    with closing(Database(dsn)) as database:
        restrictions = PostgresRestrictions(database)
        options = StatementOptions(terms_url="", territories=codes("european_union"))
        StatementSubmission(
            outbox=PostgresStatementOutbox(database),
            make=lambda puid: statement_of(
                restrictions.named(puid), category_of=lambda _rule: FALLBACK, sentences={}, options=options
            ),
            receiver=EuTransparencyDatabase(url=url, token=TOKEN, timeout=60.0),
        ).submit()


main()
