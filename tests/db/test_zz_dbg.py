from sqlalchemy import text
def test_x(session):
    print(session.execute(text("select plain_words('OTEVŘENA Žlutý'), unaccent('Ř'), lower('Ř'), current_setting('lc_ctype')")).all())
    assert 0
