from hypothesis import settings

# Shared machines stall for seconds: a slow example says nothing about the code.
settings.register_profile("klantstem", deadline=None)
settings.load_profile("klantstem")
